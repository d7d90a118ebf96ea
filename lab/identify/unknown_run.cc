// UnknownRun: reads a recorded run and what is known about it.
#include "identify/unknown_run.h"

#include "identify/finite.h"
#include "json_text.h"

#include <thalweg/error.h>
#include <thalweg/rule.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace thalweg::lab::identify {
namespace {

using nlohmann::json;

/// Is it a float32, or the shortest decimal of one, as programs print it?
bool is_float32(double value) {
  const auto narrow = static_cast<float>(value);
  return value == static_cast<double>(narrow) || value == std::strtod(fmt::format("{}", narrow).c_str(), nullptr);
}

void round_to_float32(std::vector<double>& values) {
  for (double& value : values) value = static_cast<float>(value);
}

/// All numbers as the run itself had them.
void round_to_float32(Recording& recording) {
  round_to_float32(recording.start);
  for (auto& gradient : recording.gradients) {
    if (gradient) round_to_float32(*gradient);
  }
  for (auto& [step, theta] : recording.expected) round_to_float32(theta);
}

/// NaN is NaN here.
bool is_same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

/// Are all expected numbers float32?
bool looks_like_float32(const Recording& recording) {
  return std::ranges::all_of(recording.expected,
                             [](const auto& step) { return std::ranges::all_of(step.second, is_float32); });
}

/// Reads one case; every error names it.
class Reader : public RecordingReader {
 public:
  using RecordingReader::RecordingReader;

  UnknownRun read(const Known& told) const {
    UnknownRun run{read_run(check_lr), false, told, {}};
    check(run.recording);
    run.left_out = keep_finite(run.recording);
    if (run.recording.expected.empty() || run.recording.expected.rbegin()->first == 0) {
      fail("there is nothing to compare before numbers are not finite");
    }
    if (const json* dtype = find("dtype")) {
      run.recording.is_float64 = is_float64(*dtype);
    } else {
      run.is_type_guessed = true;
      run.recording.is_float64 = !looks_like_float32(run.recording);
    }
    if (!run.recording.is_float64) round_to_float32(run.recording);
    try {
      if (const json* known = find("known")) read_known(*known, run.known);
      if (const auto lr = run.recording.lrs.find(1); lr != run.recording.lrs.end()) tell_lr(lr->second, run.known);
      (void)run.known.possible();
    } catch (const Error& error) {
      fail(error.what());
    }
    return run;
  }

 private:
  static void check_lr(double lr) {
    const Range allowed = at_least(0);
    if (!allowed.contains(lr)) throw Error(fmt::format("lr = {} is outside {}", lr, allowed.text()));
  }

  static void tell_lr(double lr, Known& known) {
    try {
      known.tell("lr", lr);
    } catch (const Error& error) {
      throw Error(fmt::format("lr_schedule: {}", error.what()));
    }
  }

  void check(const Recording& recording) const {
    if (recording.gradients.empty()) fail("grads has no steps");
    if (find("theta") == nullptr)
      fail("the key \"theta\" is missing: without parameters after some steps nothing can be told");
    const auto start = recording.expected.find(0);
    if (start != recording.expected.end() && !is_same(start->second, recording.start))
      fail("theta[\"0\"] is not theta0");
    if (recording.expected.empty() || recording.expected.rbegin()->first == 0)
      fail("theta has no step after the first");
  }

  void read_known(const json& told, Known& known) const {
    if (!told.is_object()) fail("known is no object from option to value");
    for (const auto& [key, value] : told.items()) {
      if (key == "rule") {
        known.allow_rule(text(value, "known: rule"));
      } else if (value.is_boolean()) {
        known.tell(key, value.get<bool>() ? 1 : 0);
      } else if (value.is_number()) {
        known.tell(key, value.get<double>());
      } else {
        fail(fmt::format("known: {} is {}, expected a number, true or false", key, excerpt(value)));
      }
    }
  }
};

}  // namespace

std::vector<UnknownRun> read_unknown_runs(const std::filesystem::path& file, const Known& known) {
  std::vector<UnknownRun> runs;
  for_each_case(
      file, [&](const json& object, const std::string& where) { runs.push_back(Reader(object, where).read(known)); });
  return runs;
}

}  // namespace thalweg::lab::identify
