# Finds LibTorch (Debian's, or another by CMAKE_PREFIX_PATH) and precompiles its headers once for all targets: a plain
# source takes about 20 s.
if(Torch_DIR AND NOT Caffe2_DIR)
  # Torch's package file looks for its other half in the system's folders first.
  get_filename_component(Caffe2_DIR "${Torch_DIR}/../Caffe2" ABSOLUTE)
endif()
# QUIET, because its own message names the library that find_library met first, which is not the one used.
find_package(Torch 1.13 QUIET REQUIRED)
include(${CMAKE_CURRENT_LIST_DIR}/torch_target.cmake)
message(STATUS "LibTorch ${Torch_VERSION} in ${Torch_DIR}")

# What uses LibTorch links thalweg_torch and says `target_precompile_headers(NAME REUSE_FROM thalweg_torch_headers)`:
# tensors alone, for of each header the compiler does some work again in each source. What includes <torch/torch.h>, as
# users' programs do, says thalweg_all_torch_headers.
foreach(headers IN ITEMS thalweg_torch_headers thalweg_all_torch_headers)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${headers}.cc CONTENT "// Carries precompiled headers of LibTorch.\n")
  add_library(${headers} STATIC EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/${headers}.cc)
  target_link_libraries(${headers} PRIVATE thalweg_settings thalweg_torch)
endforeach()
target_precompile_headers(thalweg_torch_headers PRIVATE <torch/types.h>)
target_precompile_headers(thalweg_all_torch_headers PRIVATE <torch/torch.h>)
