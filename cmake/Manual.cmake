# touchstone.1 and the completions, written by the program itself at the end of the build.
set(manual ${CMAKE_BINARY_DIR}/share)
file(MAKE_DIRECTORY ${manual})
add_custom_command(OUTPUT ${manual}/touchstone.1 ${manual}/touchstone.bash ${manual}/_touchstone ${manual}/touchstone.fish
                   COMMAND touchstone manual > ${manual}/touchstone.1
                   COMMAND touchstone completion bash > ${manual}/touchstone.bash
                   COMMAND touchstone completion zsh > ${manual}/_touchstone
                   COMMAND touchstone completion fish > ${manual}/touchstone.fish
                   DEPENDS touchstone VERBATIM)
add_custom_target(manual ALL DEPENDS ${manual}/touchstone.1)

install(FILES ${manual}/touchstone.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${manual}/touchstone.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME touchstone COMPONENT program)
install(FILES ${manual}/touchstone.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)
# Debian's zsh looks into vendor-completions below /usr, and everywhere else all look into site-functions.
install(CODE "
  set(folder site-functions)
  if(CMAKE_INSTALL_PREFIX MATCHES \"(^|/)usr$\")
    set(folder vendor-completions)
  endif()
  file(INSTALL ${manual}/_touchstone DESTINATION \${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${folder})
" COMPONENT program)
