// ReplayCase: reads the recorded runs of a file and checks that they make sense.
#include "replay/replay_case.h"

#include <thalweg/dialects.h>
#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string_view>

namespace thalweg::lab {
namespace {

using nlohmann::json;

/// Reads one case; every error names it.
class Reader : public RecordingReader {
 public:
  using RecordingReader::RecordingReader;

  ReplayCase read() const {
    const Translation translation = translate();
    const bool float64 = is_float64(required("dtype"));
    if (find("ema") != nullptr) fail("ema: averaged parameters have no counterpart yet");
    ReplayCase result{read_run([&](double lr) { Options(translation.options).set("lr", lr); }), translation.options,
                      translation.step_count};
    result.is_float64 = float64;
    return result;
  }

 private:
  Translation translate() const {
    const std::string peer = text(required("peer"), "peer"), rule_name = text(required("rule"), "rule");
    const json& options = required("options");
    if (!options.is_object()) fail("options is no object");
    const std::string name = find("peer_name") != nullptr ? text(*find("peer_name"), "peer_name") : rule_name;
    try {
      const RuleInfo& named = rule(rule_name);
      const Translation result = translate(peer, name, options);
      check_same_rule(named, result.options.rule());
      return result;
    } catch (const Error& error) {
      fail(error.what());
    }
  }

  static Translation translate(const std::string& peer, const std::string& name, const json& options) {
    if (peer == "torch") return from_torch(options.dump(), name);
    if (peer == "keras") return from_keras(options.dump(), name);
    if (peer == "optax") return from_optax(name, options.dump());
    if (peer == "tf1") return from_tf1(options.dump(), name);
    if (peer == "thalweg") return {own_options(name, options), StepCount::per_parameter};
    const std::vector<std::string> peers{"torch", "keras", "optax", "tf1", "thalweg"};
    throw Error(fmt::format("unknown peer \"{}\"{}", peer, suggest(peer, peers)));
  }

  static Options own_options(const std::string& name, const json& given) {
    Options options = Options::of(name);
    for (const auto& [key, value] : given.items()) {
      if (value.is_boolean()) {
        options.set(key, value.get<bool>() ? "true" : "false");
      } else if (value.is_number()) {
        options.set(key, value.get<double>());
      } else {
        throw Error(fmt::format("option {} is {}, expected a number, true or false", key, value.dump()));
      }
    }
    return options;
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
