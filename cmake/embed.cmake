# Embeds a text file in a program: cmake -D INPUT=… -D OUTPUT=x.cc -D NAMESPACE=… -D NAME=… -P embed.cmake
# writes a source that defines `extern const std::string_view NAMESPACE::NAME` with the file's contents.
file(READ "${INPUT}" contents)
if(contents MATCHES "\\)embedded_file\"")
  message(FATAL_ERROR "${INPUT}: contains )embedded_file\", which ends the literal it is embedded in")
endif()
file(WRITE "${OUTPUT}" "// Made from ${INPUT} by embed.cmake.
#include <string_view>

namespace ${NAMESPACE} {
extern const std::string_view ${NAME};
const std::string_view ${NAME} = R\"embedded_file(${contents})embedded_file\";
}  // namespace ${NAMESPACE}
")
