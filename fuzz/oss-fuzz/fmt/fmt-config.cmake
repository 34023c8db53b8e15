# {fmt} from its headers alone: the packaged library is built with another C++ library than OSS-Fuzz links.
find_path(FMT_INCLUDE_DIR fmt/core.h REQUIRED)
add_library(fmt::fmt INTERFACE IMPORTED)
target_include_directories(fmt::fmt INTERFACE ${FMT_INCLUDE_DIR})
target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY)
