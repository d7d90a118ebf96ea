# Compresses manual pages and changelogs as Debian wants them, without the time, after cpack has put the files together.
file(GLOB_RECURSE documents "${CPACK_TEMPORARY_DIRECTORY}/*.[1-9]" "${CPACK_TEMPORARY_DIRECTORY}/changelog.Debian")
list(FILTER documents INCLUDE REGEX "/share/man/man[1-9]/|/changelog\\.Debian$")
if(documents)
  execute_process(COMMAND gzip --best --no-name ${documents} COMMAND_ERROR_IS_FATAL ANY)
endif()
