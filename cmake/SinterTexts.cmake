# sinter_embed_texts(HEADER NAMESPACE NAME FILE [NAME FILE ...]): a header with the text of each file as a constant,
# written anew when one of them changes.
function(sinter_embed_texts header namespace)
  set(content "// Written by cmake/SinterTexts.cmake.\n#pragma once\n\n#include <string_view>\n\nnamespace ${namespace} {\n\n")
  while(ARGN)
    list(POP_FRONT ARGN name file)
    file(READ "${file}" text)
    string(APPEND content "inline constexpr std::string_view ${name} = R\"SINTER_TEXT(${text})SINTER_TEXT\";\n\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  endwhile()
  file(WRITE "${header}.new" "${content}}  // namespace ${namespace}\n")
  file(COPY_FILE "${header}.new" "${header}" ONLY_IF_DIFFERENT)
endfunction()
