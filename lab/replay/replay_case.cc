// ReplayCase: reads the recorded runs of a file and checks that they make sense.
#include "replay/replay_case.h"

#include <thalweg/dialects.h>
#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

namespace thalweg::lab {
namespace {

using nlohmann::json;

/// Reads one case; every error names it.
class Reader {
 public:
  Reader(const json& object, std::string where) : object_(object), where_(std::move(where)) {}

  ReplayCase read() {
    if (!object_.is_object()) fail("a case is an object");
    std::string id = where_;
    if (object_.contains("id")) {
      id = text(object_["id"], "id");
      where_ += fmt::format(", \"{}\"", id);
    }
    ReplayCase result{.id = id,
                      .translation = read_translation(),
                      .is_float64 = read_dtype(),
                      .start = numbers(required("theta0"), "theta0"),
                      .parameters = {},
                      .gradients = {},
                      .rows = {},
                      .lrs = {},
                      .expected = {},
                      .expected_average = {}};
    if (result.start.empty()) fail("theta0 has no numbers");
    read_gradients(result);
    read_splits(result);
    read_sparse_rows(result);
    read_rates(result);
    read_expected(result);
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(fmt::format("{}: {}", where_, what)); }

  const json& required(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) fail(fmt::format("the key \"{}\" is missing", key));
    return *found;
  }

  std::string text(const json& value, std::string_view key) const {
    if (!value.is_string()) fail(fmt::format("{} is {}, expected text", key, value.dump()));
    return value.get<std::string>();
  }

  const json& list(const json& value, const std::string& key) const {
    if (!value.is_array()) fail(fmt::format("{} is no list", key));
    return value;
  }

  std::vector<double> numbers(const json& value, const std::string& key) const {
    std::vector<double> result;
    for (const json& number : list(value, key)) {
      if (!number.is_number()) fail(fmt::format("{}[{}] is {}, expected a number", key, result.size(), number.dump()));
      result.push_back(number.get<double>());
    }
    return result;
  }

  std::vector<double> as_many(const json& value, const std::string& key, std::size_t count) const {
    std::vector<double> result = numbers(value, key);
    if (result.size() != count) fail(fmt::format("{} has {} numbers, theta0 {}", key, result.size(), count));
    return result;
  }

  std::int64_t whole(const json& value, const std::string& key, std::int64_t least, std::int64_t most) const {
    const bool fits = value.is_number_integer() && value.get<double>() >= static_cast<double>(least) &&
                      value.get<double>() <= static_cast<double>(most);
    if (!fits) fail(fmt::format("{} is {}, expected a whole number from {} to {}", key, value.dump(), least, most));
    return value.get<std::int64_t>();
  }

  bool read_dtype() const {
    const std::string dtype = text(required("dtype"), "dtype");
    if (dtype != "float32" && dtype != "float64") {
      fail(fmt::format("dtype is \"{}\", expected float32 or float64", dtype));
    }
    return dtype == "float64";
  }

  Translation read_translation() const {
    const std::string peer = text(required("peer"), "peer"), rule_name = text(required("rule"), "rule");
    const json& options = required("options");
    if (!options.is_object()) fail("options is no object");
    const std::string name = object_.contains("peer_name") ? text(object_["peer_name"], "peer_name") : rule_name;
    try {
      const RuleInfo& named = rule(rule_name);
      Translation result = translate(peer, name, options.dump());
      check_same_rule(named, result.options.rule());
      read_surroundings(result.settings);
      return result;
    } catch (const Error& error) {
      fail(error.what());
    }
  }

  /// Clipping and averages that are no part of the peer's own configuration: PyTorch and Optax have them beside it.
  void read_surroundings(Settings& settings) const {
    json around = json::object();
    for (const char* key : {"clip", "average"}) {
      const auto found = object_.find(key);
      if (found != object_.end() && found->is_object()) around[key] = *found;
    }
    const Settings given = from_thalweg(around.dump(), "sgd").settings;
    if (around.contains("clip")) settings.clip = given.clip;
    if (around.contains("average")) settings.average = given.average;
  }

  /// adam, adamw and amsgrad are one formula under three names.
  static void check_same_rule(const RuleInfo& named, const RuleInfo& found) {
    static const std::set<std::string_view> kAdams{"adam", "adamw", "amsgrad"};
    if (&named == &found || (kAdams.contains(named.name) && kAdams.contains(found.name))) return;
    throw Error(fmt::format("rule is \"{}\", but the options are those of {}", named.name, found.name));
  }

  void read_gradients(ReplayCase& result) const {
    for (const json& step : list(required("grads"), "grads")) {
      std::optional<std::vector<double>>& gradient = result.gradients.emplace_back();
      if (step.is_null()) continue;
      gradient = as_many(step, fmt::format("grads[{}]", result.gradients.size() - 1), result.start.size());
    }
  }

  std::int64_t steps(const ReplayCase& result) const { return std::ssize(result.gradients); }

  void read_splits(ReplayCase& result) const {
    const auto found = object_.find("splits");
    if (found == object_.end()) {
      result.parameters = {result.start.size()};
      return;
    }
    const auto most = static_cast<std::int64_t>(result.start.size());
    for (const json& length : list(*found, "splits")) {
      result.parameters.push_back(static_cast<std::size_t>(whole(length, "a length of splits", 1, most)));
    }
    const std::size_t sum = std::accumulate(result.parameters.begin(), result.parameters.end(), std::size_t{0});
    if (sum != result.start.size()) fail(fmt::format("splits sum to {}, theta0 has {} numbers", sum, most));
  }

  void read_sparse_rows(ReplayCase& result) const {
    const auto shape = object_.find("shape"), rows = object_.find("sparse_rows");
    if (shape == object_.end()) {
      if (rows != object_.end()) fail("sparse_rows needs shape");
      return;
    }
    const auto most = static_cast<std::int64_t>(result.start.size());
    list(*shape, "shape");
    if (shape->size() != 2) fail(fmt::format("shape is {}, expected [rows, columns]", shape->dump()));
    const std::int64_t height = whole((*shape)[0], "shape[0]", 1, most),
                       width = whole((*shape)[1], "shape[1]", 1, most);
    if (height * width != most) fail(fmt::format("shape is {}, theta0 has {} numbers", shape->dump(), most));
    if (rows == object_.end()) return;
    if (result.parameters.size() > 1) fail("sparse_rows and splits exclude each other");
    result.row_width = static_cast<std::size_t>(width);
    for (const json& touched : list(*rows, "sparse_rows")) {
      std::set<std::int64_t> unique;
      for (const json& row : list(touched, "sparse_rows")) unique.insert(whole(row, "a row", 0, height - 1));
      result.rows.emplace_back(unique.begin(), unique.end());
    }
    if (result.rows.size() != result.gradients.size()) {
      fail(fmt::format("sparse_rows has {} steps, grads {}", result.rows.size(), result.gradients.size()));
    }
    check_untouched_rows_are_zero(result);
  }

  void check_untouched_rows_are_zero(const ReplayCase& result) const {
    for (std::size_t step = 0; step < result.rows.size(); ++step) {
      if (!result.gradients[step]) continue;
      for (std::size_t i = 0; i < result.start.size(); ++i) {
        const auto row = static_cast<std::int64_t>(i / result.row_width);
        if ((*result.gradients[step])[i] != 0 && !std::ranges::binary_search(result.rows[step], row)) {
          fail(fmt::format("grads[{}][{}] is not 0, but sparse_rows[{}] does not name row {}", step, i, step, row));
        }
      }
    }
  }

  void read_rates(ReplayCase& result) const {
    const auto found = object_.find("lr_schedule");
    if (found == object_.end()) return;
    for (const json& entry : list(*found, "lr_schedule")) {
      if (!entry.is_array() || entry.size() != 2 || !entry[1].is_number()) {
        fail(fmt::format("lr_schedule has {}, expected [first step, lr]", entry.dump()));
      }
      const std::int64_t step = whole(entry[0], "a first step of lr_schedule", 0, std::numeric_limits<int>::max());
      const double lr = entry[1].get<double>();
      try {
        Options(result.translation.options).set("lr", lr);
      } catch (const Error& error) {
        fail(fmt::format("lr_schedule: {}", error.what()));
      }
      // Step 0 is before all of them, as step 1 is.
      if (!result.lrs.emplace(std::max<std::int64_t>(step, 1), lr).second) {
        fail(fmt::format("lr_schedule names step {} twice", step));
      }
    }
  }

  void read_expected(ReplayCase& result) const {
    if (object_.contains("ema")) result.expected_average = as_many(object_["ema"], "ema", result.start.size());
    if (result.expected_average && result.translation.settings.average.kind == AverageKind::none) {
      fail("ema is expected, but the options take no averages");
    }
    const auto found = object_.find("theta");
    if (found == object_.end()) return;
    if (!found->is_object()) fail("theta is no object from step number to numbers");
    for (const auto& [key, value] : found->items()) {
      std::int64_t step = 0;
      const char* const end = key.data() + key.size();
      const auto [after, error] = std::from_chars(key.data(), end, step);
      if (error != std::errc() || after != end || step < 0 || step > steps(result)) {
        fail(fmt::format("theta has \"{}\", expected a step from 0 to {}", key, steps(result)));
      }
      result.expected[step] = as_many(value, fmt::format("theta[\"{}\"]", key), result.start.size());
    }
  }

  const json& object_;
  std::string where_;
};

}  // namespace

std::vector<ReplayCase> read_replay_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw Error(fmt::format("{}: cannot be opened", file.string()));
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  json all;
  try {
    all = json::parse(bytes);
  } catch (const json::exception& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()));
  }
  if (!all.is_array()) all = json::array({all});
  std::vector<ReplayCase> cases;
  for (std::size_t i = 0; i < all.size(); ++i) {
    cases.push_back(Reader(all[i], fmt::format("{}: case {}", file.string(), i + 1)).read());
  }
  return cases;
}

}  // namespace thalweg::lab
