// Another rule's options, through a function that passes them on.
// expect: the options of thalweg::libtorch::RULE are thalweg::RULE{.lr = 1e-3, …}
#include <thalweg/libtorch.h>

#include <memory>

void make(torch::nn::Module& module) { std::make_unique<thalweg::libtorch::AdamW>(module, thalweg::RMSprop{}); }
