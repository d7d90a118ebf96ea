# The consumer projects, as tests.
foreach(how IN ITEMS install install_shared install_next find_package shared two_versions no_exceptions components pkg-config add_subdirectory FetchContent)
  add_test(NAME consumer.${how}
           COMMAND ${CMAKE_CURRENT_LIST_DIR}/run.sh ${how} ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/consumer
                   -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER})
  set_tests_properties(consumer.${how} PROPERTIES LABELS checkout)
endforeach()
set_tests_properties(consumer.install PROPERTIES FIXTURES_SETUP installed)
set_tests_properties(consumer.install_shared PROPERTIES FIXTURES_SETUP installed_shared)
set_tests_properties(consumer.install_next PROPERTIES FIXTURES_SETUP installed_next)
set_tests_properties(consumer.two_versions PROPERTIES FIXTURES_REQUIRED "installed;installed_next")
set_tests_properties(consumer.find_package consumer.no_exceptions consumer.components consumer.pkg-config
                     PROPERTIES FIXTURES_REQUIRED installed)
set_tests_properties(consumer.shared PROPERTIES FIXTURES_REQUIRED installed_shared)
set_tests_properties(consumer.FetchContent PROPERTIES DEPENDS consumer.add_subdirectory)
if(THALWEG_TORCH)
  add_test(NAME consumer.libtorch
           COMMAND ${CMAKE_CURRENT_LIST_DIR}/run.sh libtorch ${PROJECT_BINARY_DIR} ${CMAKE_CURRENT_BINARY_DIR}/consumer
                   -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER})
  set_tests_properties(consumer.libtorch PROPERTIES LABELS checkout)
endif()
