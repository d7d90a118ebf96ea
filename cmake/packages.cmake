# Packages by cpack: `cpack -G DEB` makes libthalweg0, libthalweg-dev and thalweg; `cpack -G TGZ --config
# CPackSourceConfig.cmake` the sources. docs/install.md shows both; tests/packages builds, installs and uses them.
set(CPACK_PACKAGE_NAME thalweg)
set(CPACK_PACKAGE_VENDOR thalweg)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_VERBATIM_VARIABLES ON)
# What is only known when cpack runs: which generator it is, and for which of the two configurations.
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_BINARY_DIR}/cpack_project.cmake)
configure_file(cmake/cpack_project.cmake.in ${CPACK_PROJECT_CONFIG_FILE} @ONLY)

# Without a shared library there is nothing for libthalweg0 to hold: libthalweg-dev has the static one then.
set(CPACK_COMPONENTS_ALL development)
if(BUILD_SHARED_LIBS)
  list(APPEND CPACK_COMPONENTS_ALL libraries)
endif()
if(THALWEG_LAB)
  list(APPEND CPACK_COMPONENTS_ALL command)
endif()

# The tarball: the files that git knows, as they stand.
set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME ${PROJECT_NAME}-${PROJECT_VERSION})

# Debian's packages.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# Who answers for a package is whoever builds it, and says so as for Debian's own tools.
if(DEFINED ENV{DEBEMAIL})
  set(thalweg_maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
else()
  set(thalweg_maintainer "unnamed packager <unnamed@packager.invalid>")
endif()
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${thalweg_maintainer}" CACHE STRING "NAME <ADDRESS> of who answers for the Debian packages")

set(CPACK_DEBIAN_LIBRARIES_PACKAGE_NAME libthalweg0)
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_SHLIBDEPS ON)
# Programs that link it depend on this very version (the policy "="): the soname 0.1 has the minor version, the name
# libthalweg0 has not, so a later libthalweg0 may be without the library that they want.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY "=")
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/triggers)

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libthalweg-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS libhwy-dev)
if(THALWEG_TORCH)
  # Of thalweg::libtorch alone; without LibTorch find_package gives the engine.
  set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_RECOMMENDS libtorch-dev)
endif()

set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME thalweg)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SECTION science)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SHLIBDEPS ON)
# LibTorch's threads are OpenMP's, and a BLAS with a second pool of threads slows every product down.
set(CPACK_DEBIAN_COMMAND_PACKAGE_RECOMMENDS libopenblas0-openmp)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SUGGESTS dataset-fashion-mnist)

if(BUILD_SHARED_LIBS)
  # dpkg-shlibdeps finds the libraries where the build made them; to which package they belong it cannot know.
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/src ${PROJECT_BINARY_DIR}/adapters/libtorch)
  set(same_version "libthalweg0 (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
  string(PREPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${same_version}, ")
  set(CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS "${same_version}")
endif()

# The first line is the summary. Lines that begin with a space would be shown as they are.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(about_thalweg "thalweg steps the parameters of a model by RMSprop or one of its family:
SGD, Adam, AdamW, AMSGrad, Nadam, LAMB, LARS, Adafactor and others, each
written once as its formula and run at memory speed on the CPU, with the
same bits on every instruction set and number of threads.
")
set(CPACK_DEBIAN_LIBRARIES_DESCRIPTION "optimizer engine, shared libraries
${about_thalweg}
This package has the libraries that programs run with.")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "optimizer engine, files for development
${about_thalweg}
This package has the headers for C++20 and C, and the files for CMake and
pkg-config.")
set(CPACK_DEBIAN_COMMAND_DESCRIPTION "trains models with RMSprop and its family, and compares them
${about_thalweg}
This package has the command: it trains models on tables, images, series,
texts and sounds, compares optimizers fairly, searches their options and
reports what it found.")

# What Debian wants beside the files: installed for its packages alone.
string(TIMESTAMP changelog_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(packaging/debian/changelog.in ${PROJECT_BINARY_DIR}/debian/changelog.Debian @ONLY)
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  install(FILES packaging/debian/copyright ${PROJECT_BINARY_DIR}/debian/changelog.Debian
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component} EXCLUDE_FROM_ALL)
  if(EXISTS ${PROJECT_SOURCE_DIR}/packaging/debian/${package}.lintian-overrides)
    install(FILES packaging/debian/${package}.lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
            RENAME ${package} COMPONENT ${component} EXCLUDE_FROM_ALL)
  endif()
endforeach()
# The licence of what is copied into the command.
set(dygraphs_copyright /usr/share/doc/libjs-dygraphs/copyright)
if(THALWEG_LAB AND EXISTS ${dygraphs_copyright})
  install(FILES ${dygraphs_copyright} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/thalweg RENAME copyright.dygraphs
          COMPONENT command EXCLUDE_FROM_ALL)
endif()
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/compress_documents.cmake)

include(CPack)
