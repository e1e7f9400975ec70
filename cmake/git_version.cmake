# Writes OUTPUT with the commit of SOURCE_DIR; touches it only when that changes. Run at every build.
execute_process(COMMAND git describe --always --dirty --abbrev=12 WORKING_DIRECTORY "${SOURCE_DIR}"
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status
)
if(NOT status EQUAL 0)
  set(commit "unknown")
endif()
configure_file("${INPUT}" "${OUTPUT}" @ONLY)
