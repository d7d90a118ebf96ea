# Settings for every target: C++20, warnings, exact floating point, ccache.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  find_program(CCACHE ccache)
  if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Precompiled headers are cached too: ccache may trust their defines and ignore their times.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  endif()
endif()

# Kernels are compiled for each instruction set by including their own source again, which only works in a file of its own.
set(CMAKE_UNITY_BUILD OFF)

# Contraction into fused multiply-adds would change bits between instruction sets, so it is off everywhere, in rules of a
# user's own too, and so is what a project around has switched on for all that it builds.
set(THALWEG_FLOATING_POINT -fno-fast-math -ffp-contract=off -fno-trapping-math)

# What every source of thalweg is compiled with.
add_library(thalweg_settings INTERFACE)
target_compile_features(thalweg_settings INTERFACE cxx_std_20)
target_compile_options(thalweg_settings INTERFACE ${THALWEG_FLOATING_POINT} -Wall -Wextra -Wpedantic)
# Whatever the project around does without.
target_compile_options(thalweg_settings INTERFACE -fexceptions -frtti)
# What is to be seen of a shared library says so (THALWEG_API); a program or library that has a static one in it shows
# nothing of it either.
target_compile_options(thalweg_settings INTERFACE -fvisibility=hidden -fvisibility-inlines-hidden)
# Embedded in a project without a build type, nobody has asked for unoptimised code either.
target_compile_options(thalweg_settings INTERFACE $<$<STREQUAL:$<CONFIG>,>:-O3>)
# g++ 12 warns wrongly about "text" + std::string (gcc bug 105651).
target_compile_options(thalweg_settings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(THALWEG_WERROR)
  target_compile_options(thalweg_settings INTERFACE -Werror)
endif()
