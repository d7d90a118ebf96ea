// Inside of GroupOptions: the board on which an engine's options are shown, and the reserve that takes stray writes.
#pragma once

#include "libtorch_class.h"

#include <thalweg/libtorch.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace thalweg::inline v0_1::libtorch {

/// Where the options of all groups of one engine are shown. It outlives both sides: a vector of groups that was moved
/// out of the optimizer still has its options.
struct GroupOptions::Board {
  thalweg::Optimizer* engine;
  std::vector<GroupOptions*> shown;
};

/// Bytes that nobody may write, behind LibTorch's members or in their place. Who casts a group's options to one of
/// LibTorch's classes that they are not writes here: nothing else is hit, and it is found out. A `double` that is read
/// from here is NaN.
class Reserve {
 public:
  Reserve() { fill(); }

  bool is_intact() const {
    return std::ranges::all_of(words_,
                               [](const Word& word) { return std::memcmp(&word, &kPattern, sizeof word) == 0; });
  }
  void fill() { words_.fill(kPattern); }

  /// As much as the members of the largest class of options have.
  static constexpr std::size_t kBytes =
      std::max({sizeof(torch::optim::SGDOptions), sizeof(torch::optim::RMSpropOptions),
                sizeof(torch::optim::AdagradOptions), sizeof(torch::optim::AdamOptions),
                sizeof(torch::optim::AdamWOptions)}) -
      sizeof(torch::optim::OptimizerOptions);

 private:
  using Word = std::array<unsigned char, 8>;
  static constexpr Word kPattern{'t', 'h', 'a', 'l', 'w', 'e', 0xf8, 0x7f};  // a quiet NaN, little-endian

  alignas(void*) std::array<Word, (kBytes + sizeof(Word) - 1) / sizeof(Word)> words_{};
};
static_assert(sizeof(Reserve) >= Reserve::kBytes);
static_assert(sizeof(torch::optim::OptimizerOptions) == sizeof(void*), "the reserve begins where the members do");

}  // namespace thalweg::inline v0_1::libtorch
