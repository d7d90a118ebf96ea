// Dataset: formats by name, and what all of them share.
#include "data/dataset.h"

#include "data/formats.h"
#include "data/ratings_dataset.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <numeric>
#include <system_error>

namespace thalweg::lab {

std::string to_string(InputKind kind) {
  switch (kind) {
    case InputKind::image:
      return "images";
    case InputKind::numbers:
      return "numbers";
    case InputKind::categories:
      return "categories";
    case InputKind::series:
      return "series";
    case InputKind::characters:
      return "characters";
    case InputKind::waveform:
      return "waveforms";
  }
  return "unknown";
}

std::vector<std::string> Target::names() const {
  std::vector<std::string> names = class_names;
  for (std::int64_t i = std::ssize(names); i < classes; ++i) names.push_back(std::to_string(i));
  return names;
}

std::int64_t Input::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

const std::vector<Format>& formats() {
  static const std::vector<Format> all{
      fashion_mnist_format(), idx_format(),     cifar10_format(), cifar100_format(),      images_format(),
      npy_format(),           csv_format(),     libsvm_format(),  german_credit_format(), text_format(),
      make_format(),          ratings_format(), wav_format(),
  };
  return all;
}

std::string data_spec(const Format& format, const std::string& argument) {
  return format.argument.empty() ? format.name : format.name + ":" + argument;
}

std::vector<std::string> dataset_names() {
  std::vector<std::string> names;
  for (const Format& format : formats()) names.push_back(data_spec(format, format.argument));
  return names;
}

DataSpec parse_data_spec(const std::string& spec) {
  const std::size_t colon = spec.find(':');
  const std::string name = spec.substr(0, colon);
  for (const Format& format : formats()) {
    if (format.name != name || format.argument.empty() != (colon == std::string::npos)) continue;
    if (colon != std::string::npos && colon + 1 == spec.size()) {
      throw Error(fmt::format("data set '{}': expected {} behind the colon", spec, format.argument));
    }
    return {&format, colon == std::string::npos ? "" : spec.substr(colon + 1)};
  }
  std::error_code ignored;
  if (std::filesystem::exists(spec, ignored)) {
    throw Error(fmt::format("data set '{0}': say of what format {0} is, as in {1}:{0}", printable(spec),
                            std::filesystem::is_directory(spec, ignored) ? "images" : "csv"));
  }
  throw Error(fmt::format("unknown data set '{}'{}", printable(spec), suggest(spec, dataset_names())));
}

namespace {

/// `it takes --target and --window`.
std::string flags_of(const Format& format) {
  if (format.options.empty()) return "it takes no options";
  std::string flags;
  for (std::string option : format.options) {
    std::ranges::replace(option, '_', '-');
    flags += (flags.empty() ? "it takes --" : ", --") + option;
  }
  return flags;
}

void check_columns(const Format& format, const std::vector<std::string>& columns) {
  std::map<std::string, std::string> kinds;
  for (const std::string& text : columns) {
    const std::size_t equals = text.rfind('=');
    const std::string kind = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (std::ranges::find(format.column_kinds, kind) == format.column_kinds.end()) {
      std::string allowed;
      for (const std::string& each : format.column_kinds)
        allowed += (allowed.empty() ? "NAME=" : &each == &format.column_kinds.back() ? " or NAME=" : ", NAME=") + each;
      throw Error(fmt::format("--column {}: expected {}", printable(text), allowed));
    }
    const auto [place, is_new] = kinds.try_emplace(text.substr(0, equals), kind);
    if (!is_new && place->second != kind) {
      throw Error(
          fmt::format("--column {}: {} is to be {} already", printable(text), printable(place->first), place->second));
    }
  }
}

}  // namespace

void check_data_options(const Format& format, const DataOptions& options) {
  const auto refuse = [&](const char* option, bool given) {
    if (!given || std::ranges::find(format.options, option) != format.options.end()) return;
    std::string flag = option;
    std::ranges::replace(flag, '_', '-');
    throw Error(fmt::format("--{}: means nothing for data of the format {}; {}", flag, format.name, flags_of(format)));
  };
  const DataOptions usual;
  refuse("target", !options.target.empty());
  refuse("positive", !options.positive.empty());
  refuse("column", !options.columns.empty());
  refuse("window", options.window != usual.window);
  refuse("horizon", options.horizon != usual.horizon);
  refuse("test_fraction", options.test_fraction != usual.test_fraction);
  refuse("test_data", !options.test_data.empty());
  refuse("split", !options.split.empty());
  refuse("scale", !options.scale.empty());
  refuse("duplicates", !options.duplicates.empty());
  refuse("implicit", !options.implicit.empty());
  check_columns(format, options.columns);
  if (format.options.end() != std::ranges::find(format.options, "split"))
    ratings_options(options);  // refuses what is none
  refuse("words", !options.words.empty());
  refuse("clip_seconds", options.clip_seconds != usual.clip_seconds);
  constexpr std::int64_t kMostSteps = 1'000'000'000;
  if (options.window < 0 || options.window > kMostSteps) {
    throw Error(fmt::format("--window {}: expected 1 to {}", options.window, kMostSteps));
  }
  if (options.horizon < 1 || options.horizon > kMostSteps) {
    throw Error(fmt::format("--horizon {}: expected 1 to {}", options.horizon, kMostSteps));
  }
  if (!(options.test_fraction >= 0 && options.test_fraction < 1)) {
    throw Error(fmt::format("--test-fraction {}: expected a share in [0, 1)", options.test_fraction));
  }
  // A generator may have a window of its own.
  if (options.horizon != usual.horizon && options.window == 0 && format.is_path) {
    throw Error("--horizon: means nothing without --window, by which a table is a series");
  }
  if (!options.test_data.empty() && options.test_fraction != usual.test_fraction) {
    throw Error("--test-fraction: means nothing beside --test-data, which is the whole test part");
  }
}

Dataset open_dataset(const std::string& spec, const DataOptions& options) {
  const auto [format, argument] = parse_data_spec(spec);
  check_data_options(*format, options);
  Dataset dataset = format->open(argument, options);
  dataset.name = spec;
  return dataset;
}

}  // namespace thalweg::lab
