// The oracle and the engine against numbers that PyTorch, Optax, Keras and TensorFlow computed (tests/goldens).
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/optimizer.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

struct RecordedStep {
  std::optional<double> lr;      ///< new from this step on
  std::vector<double> gradient;  ///< empty: the parameter has none in this step
  std::vector<double> theta;     ///< after the step
  std::map<std::string, std::vector<double>> state;
};

struct Recording {
  std::string text;
  Options options = Options::of("sgd");
  std::vector<double> start;
  std::vector<RecordedStep> steps;
};

std::vector<double> numbers_in(std::istringstream& words) {
  std::vector<double> numbers;
  for (std::string word; words >> word;) {
    char* end = nullptr;
    numbers.push_back(std::strtod(word.c_str(), &end));  // streams do not read hexadecimal floats
    if (*end != '\0') ADD_FAILURE() << "not a number: " << word;
  }
  return numbers;
}

/// Reads a file of the format that make.py describes.
std::vector<Recording> read(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<Recording> recordings;
  std::optional<double> lr;
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string key, name;
    words >> key;
    if (key == "#") continue;
    if (key == "case") {
      recordings.emplace_back().text = line.substr(5);
      continue;
    }
    Recording& recording = recordings.back();
    if (key == "options") {
      words >> name;
      recording.options = parse_options(name);
    } else if (key == "start") {
      recording.start = numbers_in(words);
    } else if (key == "lr") {
      words >> name;
      lr = std::strtod(name.c_str(), nullptr);
    } else if (key == "gradient") {
      RecordedStep& step = recording.steps.emplace_back();
      if (line != "gradient none") step.gradient = numbers_in(words);
      step.lr = lr;
      lr.reset();
    } else if (key == "theta") {
      recording.steps.back().theta = numbers_in(words);
    } else if (key == "state") {
      words >> name;
      recording.steps.back().state[name] = numbers_in(words);
    } else {
      ADD_FAILURE() << file << ": unknown key " << key;
    }
  }
  return recordings;
}

const std::vector<Recording>& recordings() {
  static const std::vector<Recording> all = [] {
    std::vector<Recording> result;
    for (const char* name : {"pytorch.txt", "optax.txt", "keras.txt", "tensorflow1.txt"}) {
      const std::vector<Recording> some = read(std::filesystem::path(THALWEG_GOLDENS) / name);
      EXPECT_FALSE(some.empty()) << name;
      result.insert(result.end(), some.begin(), some.end());
    }
    return result;
  }();
  return all;
}

TEST(Goldens, ThereAreSomeForEveryAxis) {
  EXPECT_GE(recordings().size(), 47u);
  std::size_t steps = 0;
  for (const Recording& recording : recordings()) steps += recording.steps.size();
  EXPECT_GE(steps, 280u);
}

TEST(Goldens, OracleAgrees) {
  for (const Recording& recording : recordings()) {
    SCOPED_TRACE(recording.text);
    const auto sample = std::find_if(samples().begin(), samples().end(), [&](const Sample& candidate) {
      return candidate.rule() == recording.options.rule().name;
    });
    ASSERT_NE(sample, samples().end());
    Options options = recording.options;
    oracle::Parameter parameter{.theta = recording.start, .columns = {}, .scalars = {}};
    std::int64_t number = 0;
    for (std::size_t t = 0; t < recording.steps.size(); ++t) {
      SCOPED_TRACE("step " + std::to_string(t + 1));
      const RecordedStep& step = recording.steps[t];
      if (step.lr) options.set("lr", *step.lr);
      if (!step.gradient.empty()) {
        sample->oracle(options, parameter, {++number, step.gradient, std::numeric_limits<double>::min()});
      }
      EXPECT_EQ(first_difference<double>(parameter.theta, step.theta, 1e-12), "");
      for (const auto& [name, values] : step.state) {
        EXPECT_EQ(first_difference<double>(parameter.columns[name], values, 1e-12), "") << name;
      }
    }
  }
}

template <class T>
void expect_engine_agrees(const std::string& backend) {
  for (const Recording& recording : recordings()) {
    SCOPED_TRACE(recording.text + ", " + type_name<T> + ", " + backend);
    Optimizer optimizer(recording.options, {.backend = backend});
    std::vector<T> theta(recording.start.begin(), recording.start.end());
    const Handle handle = optimizer.add("theta", theta);
    std::map<std::string, Magnitudes> magnitudes;
    for (std::size_t t = 0; t < recording.steps.size(); ++t) {
      SCOPED_TRACE("step " + std::to_string(t + 1));
      const RecordedStep& step = recording.steps[t];
      if (step.lr) optimizer.set("lr", *step.lr);
      const std::vector<T> gradient(step.gradient.begin(), step.gradient.end());
      if (gradient.empty()) {
        optimizer.step({});
      } else {
        optimizer.step({{handle, gradient}});
      }
      const auto expect_close = [&](std::span<const T> ours, const std::string& name,
                                    const std::vector<double>& values) {
        magnitudes[name].see(values);
        ASSERT_EQ(ours.size(), values.size()) << name;
        EXPECT_EQ(first_difference<T>(ours, values, tolerance<T>, magnitudes[name]), "") << name;
      };
      expect_close(theta, "theta", step.theta);
      for (const auto& [name, values] : step.state) expect_close(optimizer.column<T>(handle, name), name, values);
    }
  }
}

TEST(Goldens, EngineAgrees) {
  std::vector<std::string> backends = cpu_targets();
  backends.push_back("reference");
  for (const std::string& backend : backends) {
    expect_engine_agrees<double>(backend);
    expect_engine_agrees<float>(backend);
  }
}

}  // namespace
}  // namespace thalweg::tests
