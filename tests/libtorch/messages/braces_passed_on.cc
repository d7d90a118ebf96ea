// Braces cannot be passed on; the error is in the user's own line.
// expect: braces_passed_on.cc:9:
#include <thalweg/libtorch.h>

#include <memory>

void make(torch::nn::Module& module) {
  // In place of the braces: thalweg::AdamW{.lr = 1e-3}
  std::make_unique<thalweg::libtorch::AdamW>(module, {.lr = 1e-3});
}
