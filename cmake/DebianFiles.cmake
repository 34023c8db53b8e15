# Run by cpack on the files of the packages before it packs them.
execute_process(COMMAND date -u -R -d ${CPACK_TOUCHSTONE_RELEASED} OUTPUT_VARIABLE day OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
file(GLOB copyrights ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/doc/*/copyright)
foreach(copyright IN LISTS copyrights)
  cmake_path(GET copyright PARENT_PATH folder)
  cmake_path(GET folder FILENAME package)
  file(WRITE ${folder}/changelog "${package} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * CHANGELOG.md says what changed.

 -- ${CPACK_PACKAGE_CONTACT}  ${day}
")
  list(APPEND files ${folder}/changelog)
endforeach()
file(GLOB pages ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/man/man*/*)
execute_process(COMMAND gzip -9nf ${files} ${pages} COMMAND_ERROR_IS_FATAL ANY)
