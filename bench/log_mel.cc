// How fast sound becomes log-mel bands, on one core: log_mel [CLIPS [TIMES]]. Prints seconds of sound a second, the
// best of all times, of the bands alone and of the whole model `keywords` when it predicts.
#include "models/log_mel.h"
#include "data/clip_dataset.h"
#include "models/model.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace {

template <class Work>
double best_seconds(int times, const Work& work) {
  double best = 1e30;
  for (int i = 0; i < times; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace thalweg::lab;
  const int clips = argc > 1 ? std::atoi(argv[1]) : 64, times = argc > 2 ? std::atoi(argv[2]) : 20;
  at::set_num_threads(1);
  const c10::InferenceMode without_autograd;
  const torch::Tensor sound = torch::rand({clips, kClipRate}) - 0.5;
  const LogMel features;
  const auto model =
      make_model("keywords", {.inputs = {{.kind = InputKind::waveform, .shape = {kClipRate}}}, .outputs = 12}, {}, 1);
  model->eval();
  const double bands = best_seconds(times, [&] { features.forward(sound); });
  const double whole = best_seconds(times, [&] { model->forward({sound}); });
  fmt::print("bands: {:.0f} s of sound a second; keywords: {:.0f} (one core, {} clips of 1 s, best of {})\n",
             clips / bands, clips / whole, clips, times);
}
