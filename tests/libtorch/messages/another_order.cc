// Options in another order than the struct's.
// expect: AdamWDefaults>::lr’ does not match declaration order
#include <thalweg/libtorch.h>

void make(torch::nn::Module& module) { thalweg::libtorch::AdamW{module, {.weight_decay = .1, .lr = 1e-3}}; }
