# Finds LibTorch and precompiles its headers once for all targets (a plain source takes about 20 s).
find_package(Torch REQUIRED)

# What uses LibTorch links thalweg_torch and says `target_precompile_headers(NAME REUSE_FROM thalweg_torch_headers)`.
add_library(thalweg_torch INTERFACE)
target_include_directories(thalweg_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(thalweg_torch INTERFACE ${TORCH_LIBRARIES})

file(WRITE ${CMAKE_BINARY_DIR}/torch_headers.cc "// Carries the precompiled LibTorch headers.\n")
add_library(thalweg_torch_headers STATIC ${CMAKE_BINARY_DIR}/torch_headers.cc)
target_link_libraries(thalweg_torch_headers PRIVATE thalweg_settings thalweg_torch)
target_precompile_headers(thalweg_torch_headers PRIVATE <torch/torch.h>)
