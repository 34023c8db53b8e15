# touchstone_asio_version(RESULT FOLDER): "1.22.1", of the Asio whose asio.hpp stands in FOLDER. For the build, and for the
# installed config, where it is held against what the libraries were built with.
function(touchstone_asio_version result folder)
  file(STRINGS "${folder}/asio/version.hpp" line REGEX "^#define ASIO_VERSION [0-9]+")
  string(REGEX REPLACE "^#define ASIO_VERSION ([0-9]+).*" "\\1" number "${line}")
  math(EXPR major "${number} / 100000")
  math(EXPR minor "${number} / 100 % 1000")
  math(EXPR patch "${number} % 100")
  set(${result} "${major}.${minor}.${patch}" PARENT_SCOPE)
endfunction()
