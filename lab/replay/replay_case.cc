// ReplayCase: reads the recorded runs of a file together with the framework's configuration.
#include "replay/replay_case.h"

#include "json_text.h"

#include <thalweg/dialects.h>
#include <thalweg/error.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <string_view>

namespace thalweg::lab {
namespace {

using nlohmann::json;

/// Reads one case; every error names it.
class Reader : public RecordingReader {
 public:
  using RecordingReader::RecordingReader;

  ReplayCase read() const {
    const bool float64 = is_float64(required("dtype"));
    const Description optimizer = find("optimizer") != nullptr ? read_description() : read_translation(float64);
    ReplayCase result{read_run([&](double lr) { Options(optimizer.options).set("lr", lr); }), optimizer, {}};
    result.is_float64 = float64;
    if (const json* average = find("ema")) result.expected_average = as_many(*average, "ema", result.start.size());
    if (result.expected_average && optimizer.settings.average.kind == AverageKind::none) {
      fail("ema is expected, but the options take no averages");
    }
    return result;
  }

 private:
  /// thalweg's own words say all at once.
  Description read_description() const {
    for (const char* key : {"peer", "peer_name", "rule", "options", "clip", "average"}) {
      if (find(key) != nullptr) fail(fmt::format("{} is part of what optimizer says; leave one of them out", key));
    }
    const json& given = *find("optimizer");
    if (!given.is_object() && !given.is_string())
      fail(fmt::format("optimizer is {}, expected text or an object", excerpt(given)));
    try {
      Description result =
          given.is_object() ? description_from_json(given.dump()) : parse_description(given.get<std::string>());
      if (result.schedule && find("lr_schedule") != nullptr) throw Error("lr_schedule stands beside a schedule");
      if (result.schedule && result.schedule->needs_metric()) {
        throw Error("its schedule follows a metric, which a recording does not have");
      }
      return result;
    } catch (const Error& error) {
      fail(error.what());
    }
  }

  Description read_translation(bool float64) const {
    const std::string peer = text(required("peer"), "peer"), rule_name = text(required("rule"), "rule");
    const json& options = required("options");
    if (!options.is_structured()) fail("options is no object, and no list of them");
    check_finite(options, "options");
    const std::string name = find("peer_name") != nullptr ? text(*find("peer_name"), "peer_name") : rule_name;
    try {
      const RuleInfo& named = rule(rule_name);
      Translation result = translate(peer, name, options.dump());
      check_same_rule(named, result.options.rule());
      if (float64 && has_epsilon_of_type(peer, named, options)) {
        result.options.set("eps1", std::numeric_limits<double>::epsilon());
      }
      read_surroundings(result.settings);
      return result;
    } catch (const Error& error) {
      fail(error.what());
    }
  }

  /// PyTorch's Adafactor without a first ε takes that of the parameters' type; the dialect, which does not know the
  /// type, float32's.
  static bool has_epsilon_of_type(std::string_view peer, const RuleInfo& rule, const json& options) {
    if (peer != "torch" || rule.name != "adafactor") return false;
    const json& first = options.is_array() ? options.at(0) : options;
    const auto eps = first.find("eps");
    return eps == first.end() || eps->at(0).is_null();
  }

  /// JSON has no other numbers, so the dialects would see null.
  void check_finite(const json& value, const std::string& key) const {
    if (value.is_number_float() && !std::isfinite(value.get<double>())) {
      fail(fmt::format("{} = {}; allowed are finite numbers", key, excerpt(value)));
    }
    if (!value.is_structured()) return;
    for (const auto& [name, inner] : value.items()) check_finite(inner, key + "." + name);
  }

  /// Clipping and averages that are no part of the peer's own configuration: PyTorch and Optax have them beside it.
  void read_surroundings(Settings& settings) const {
    json around = json::object();
    for (const char* key : {"clip", "average"}) {
      const json* found = find(key);
      if (found == nullptr || !found->is_object()) continue;
      check_finite(*found, key);
      around[key] = *found;
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
};

}  // namespace

std::vector<ReplayCase> read_replay_file(const std::filesystem::path& file) {
  std::vector<ReplayCase> cases;
  for_each_case(file,
                [&](const json& object, const std::string& where) { cases.push_back(Reader(object, where).read()); });
  return cases;
}

}  // namespace thalweg::lab
