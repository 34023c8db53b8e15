# Seconds of what takes longest. ctest begins with these; in a clean checkout, where it has measured nothing yet, it would
# begin with the short ones and end with one long test on one processor.
foreach(row cli.memory=140 touchstone_campaign.sanitized=120 touchstone_engine.sanitized=120 cli.attack=95
        peer.python-websockets-client=95 cli.attack.clang=83 package.consumer=82 ws_testing.sanitized=60 serve.page=57
        peer.ws=57 peer.python-websockets-client.clang=52 cli.proxy=51 cli.proxy.clang=51 touchstone_catalogue.sanitized=45
        cli.hostile=45
        touchstone_campaign=43 cli.ends=42 cli.ends.clang=42 scale=40 cli=36 touchstone_engine=36 peer.python-websockets=33
        ws_io.sanitized=31 peer.ws.clang=27 cli.fuzz.folders=27 ws_io=26 cli.clang=25 serve.command=25 cli.tap=24
        cli.tap.clang=24 peer.ws-client=24 self-conformance.ws=20 self-conformance.ws.clang=23)
  string(REPLACE "=" ";" row ${row})
  list(GET row 0 name)
  list(GET row 1 seconds)
  if(TEST ${name})
    set_tests_properties(${name} PROPERTIES COST ${seconds})
  endif()
endforeach()
