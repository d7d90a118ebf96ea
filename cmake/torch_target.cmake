# Makes thalweg_torch, through which everything here uses LibTorch. Needs find_package(Torch) to have succeeded.
# Installed too: thalweg's package file includes it for whoever links thalweg::libtorch.
include_guard(GLOBAL)

if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
  message(FATAL_ERROR "LibTorch at ${Torch_DIR} was built with the old C++ ABI (_GLIBCXX_USE_CXX11_ABI=0), which thalweg "
                      "is not: take one that is built with the new ABI (the \"cxx11 ABI\" archive, or any wheel from 2.6 on).")
endif()

# TORCH_LIBRARIES is not used: the wheel's package file fills it by find_library, which looks into the system's folders
# first, so that Debian's libc10 gets mixed with the wheel's libtorch and the program aborts at start. The imported
# targets are located relative to the package file itself and bring everything that is needed.
add_library(thalweg_torch INTERFACE IMPORTED GLOBAL)
target_include_directories(thalweg_torch INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(thalweg_torch INTERFACE torch torch_library)
# The flag only repeats the compiler's default.
set_property(TARGET torch PROPERTY INTERFACE_COMPILE_OPTIONS "")

# The wheel has headers of an fmt of its own, which come first; the system's libfmt is another version.
list(GET TORCH_INCLUDE_DIRS 0 thalweg_torch_headers)
if(EXISTS "${thalweg_torch_headers}/fmt/format.h" AND NOT thalweg_torch_headers MATCHES "^/usr/(local/)?include$")
  target_compile_definitions(thalweg_torch INTERFACE FMT_HEADER_ONLY=1)
endif()
unset(thalweg_torch_headers)
