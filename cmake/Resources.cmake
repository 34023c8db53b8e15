# The catalogue and the report page live inside the binary: each file is included by the assembler.
file(GLOB resource_files LIST_DIRECTORIES false RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/cases/*.json ${CMAKE_SOURCE_DIR}/cases/UNCOVERED.md ${CMAKE_SOURCE_DIR}/cases/README.md ${CMAKE_SOURCE_DIR}/reports/page/*
     ${CMAKE_SOURCE_DIR}/runner/serve/page/* ${CMAKE_SOURCE_DIR}/runner/bench/page/* ${CMAKE_SOURCE_DIR}/reports/schema/*.json)

set(assembly ".section .rodata\n")
set(declarations "")
set(rows "")
set(paths "")
set(n 0)
foreach(file IN LISTS resource_files)
  string(APPEND assembly
         ".balign 16\n"
         ".global resource_${n}\n"
         ".global resource_${n}_end\n"
         "resource_${n}:\n"
         ".incbin \"${CMAKE_SOURCE_DIR}/${file}\"\n"
         "resource_${n}_end:\n"
         ".byte 0\n")  # A following resource never starts at this one's end, and C code finds a terminator.
  string(APPEND declarations "extern const char resource_${n}[], resource_${n}_end[];\n")
  string(APPEND rows "    {\"${file}\", {resource_${n}, static_cast<std::size_t>(resource_${n}_end - resource_${n})}},\n")
  list(APPEND paths ${CMAKE_SOURCE_DIR}/${file})
  math(EXPR n "${n} + 1")
endforeach()
string(APPEND assembly ".section .note.GNU-stack,\"\",%progbits\n")

# file(CONFIGURE) leaves an unchanged file alone, so an unchanged list costs no rebuild.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/resources.S CONTENT "${assembly}" @ONLY)
set_source_files_properties(${CMAKE_BINARY_DIR}/generated/resources.S PROPERTIES OBJECT_DEPENDS "${paths}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/resources.cc CONTENT
"#include \"reports/support/resources.h\"

extern \"C\" {
${declarations}}

namespace touchstone {

std::span<const Resource> resources() {
  static const Resource table[] = {
${rows}    {\"\", {}}};
  return std::span(table).first(${n});
}

}  // namespace touchstone
" @ONLY)
add_library(touchstone_resources STATIC ${CMAKE_BINARY_DIR}/generated/resources.S ${CMAKE_BINARY_DIR}/generated/resources.cc)
target_include_directories(touchstone_resources PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(touchstone_resources PRIVATE touchstone_options)
