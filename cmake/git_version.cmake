# Writes OUTPUT with the commit of SOURCE_DIR; touches it only when that changes. Run at every build.
# An offline bundle (scripts/bootstrap --bundle) has no git; it says what it was made of.
if(EXISTS "${SOURCE_DIR}/dependencies/COMMIT")
  file(STRINGS "${SOURCE_DIR}/dependencies/COMMIT" commit LIMIT_COUNT 1)
  configure_file("${INPUT}" "${OUTPUT}" @ONLY)
  return()
endif()
execute_process(COMMAND git describe --always --dirty --abbrev=12 WORKING_DIRECTORY "${SOURCE_DIR}"
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status
)
if(NOT status EQUAL 0)
  set(commit "unknown")
endif()
configure_file("${INPUT}" "${OUTPUT}" @ONLY)
