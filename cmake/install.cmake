# Installing: headers, libraries, the package files for find_package and pkg-config, the command. In three parts, which
# `cmake --install --component` and the packages (cmake/packages.cmake) take: libraries that programs run with, development
# (headers, links, static libraries, package files), command.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/thalweg)
# Written by the build: all rules in one header.
install(DIRECTORY include/thalweg ${PROJECT_BINARY_DIR}/include/thalweg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development FILES_MATCHING PATTERN "*.h")
set(library_parts ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
                  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libraries NAMELINK_COMPONENT development
                  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS thalweg_engine thalweg_own_rule EXPORT thalwegTargets ${library_parts})
install(EXPORT thalwegTargets NAMESPACE thalweg:: DESTINATION ${package_folder} COMPONENT development)

if(THALWEG_TORCH)
  set_target_properties(thalweg_libtorch PROPERTIES EXPORT_NAME libtorch)
  install(DIRECTORY adapters/libtorch/include/thalweg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          COMPONENT development FILES_MATCHING PATTERN "*.h")
  install(TARGETS thalweg_libtorch EXPORT thalwegLibtorchTargets ${library_parts})
  install(EXPORT thalwegLibtorchTargets NAMESPACE thalweg:: DESTINATION ${package_folder} COMPONENT development)
  install(FILES cmake/torch_target.cmake DESTINATION ${package_folder} COMPONENT development)
endif()

if(THALWEG_LAB)
  # Where LibTorch is not in the system's folders, the installed command still finds it.
  set_target_properties(thalweg_command PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS thalweg_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT command)
  if(NOT CMAKE_CROSSCOMPILING)
    # Manual pages and completions, which the command writes itself.
    install(CODE "execute_process(COMMAND \"$<TARGET_FILE:thalweg_command>\" man --write \"${PROJECT_BINARY_DIR}/share\"
                                  COMMAND_ERROR_IS_FATAL ANY)" COMPONENT command)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/share/ DESTINATION ${CMAKE_INSTALL_DATADIR} COMPONENT command)
  endif()
endif()

if(BUILD_SHARED_LIBS AND NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  # What is installed finds the libraries from where it is itself, so that all of it can be moved.
  file(RELATIVE_PATH to_libraries ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  if(THALWEG_LAB)
    set_target_properties(thalweg_command PROPERTIES INSTALL_RPATH "$ORIGIN/${to_libraries}")
  endif()
  if(THALWEG_TORCH)
    set_target_properties(thalweg_libtorch PROPERTIES INSTALL_RPATH "$ORIGIN")
  endif()
endif()

configure_package_config_file(cmake/thalwegConfig.cmake.in ${PROJECT_BINARY_DIR}/thalwegConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/thalwegConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/thalwegConfig.cmake ${PROJECT_BINARY_DIR}/thalwegConfigVersion.cmake
        DESTINATION ${package_folder} COMPONENT development)

# The folders are relative to the file itself, so that what was installed can be moved.
file(RELATIVE_PATH pkgconfig_up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
cmake_path(APPEND pkgconfig_includedir "\${prefix}" "${CMAKE_INSTALL_INCLUDEDIR}")
cmake_path(APPEND pkgconfig_libdir "\${prefix}" "${CMAKE_INSTALL_LIBDIR}")
set(pkgconfig_files thalweg.pc)
if(THALWEG_TORCH)
  # LibTorch has no pkg-config file: its folders are those of this build.
  set(pkgconfig_torch_cflags "")
  foreach(folder IN LISTS TORCH_INCLUDE_DIRS)
    string(APPEND pkgconfig_torch_cflags " -I${folder}")
  endforeach()
  get_target_property(torch_library torch IMPORTED_LOCATION)
  if(NOT torch_library)
    get_target_property(torch_library torch IMPORTED_LOCATION_RELEASE)
  endif()
  get_filename_component(pkgconfig_torch_libdir "${torch_library}" DIRECTORY)
  list(APPEND pkgconfig_files thalweg-libtorch.pc)
endif()
foreach(file IN LISTS pkgconfig_files)
  configure_file(cmake/${file}.in ${PROJECT_BINARY_DIR}/${file} @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endforeach()
