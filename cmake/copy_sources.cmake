# Copies the files that git knows to where cpack makes the tarball of them.
get_filename_component(source ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
execute_process(COMMAND git -c core.quotePath=false ls-files WORKING_DIRECTORY ${source} OUTPUT_VARIABLE files OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" files "${files}")
foreach(file IN LISTS files)
  get_filename_component(folder ${file} DIRECTORY)
  file(COPY ${source}/${file} DESTINATION ${CMAKE_INSTALL_PREFIX}/${folder})
endforeach()
