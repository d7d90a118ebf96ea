// thalweg's own configurations, and the choice of a dialect by its name.
#include "checkpoint/settings_json.h"
#include "dialects/dialect.h"
#include "text.h"

#include <thalweg/suggest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace thalweg::inline v0_1 {

Translation from_thalweg(std::string_view json, std::string_view rule) {
  const json::Object config = json::parse(json, "thalweg options").object("thalweg options");
  Options options = Options::of(rule);
  const std::string prefix = "thalweg " + std::string(rule);
  for (const auto& [key, value] : config) {
    if (std::ranges::find(kSettingsKeys, key) != std::ranges::end(kSettingsKeys)) continue;
    const std::string what = prefix + ": " + key;
    if (value == json::Value(true) || value == json::Value(false)) {
      options.set(key, value.boolean(what) ? "true" : "false");
    } else {
      options.set(key, value.number(what));
    }
  }
  return {std::move(options), read_settings(config, prefix)};
}

Translation translate(std::string_view peer, std::string_view name, std::string_view json) {
  if (peer == "torch") return from_torch(json, name);
  if (peer == "keras") return from_keras(json, name);
  if (peer == "keras2") return from_keras2(json, name);
  if (peer == "optax") return from_optax(name, json);
  if (peer == "tf1") return from_tf1(json, name);
  if (peer == "timm") return from_timm(json, name);
  if (peer == "thalweg") return from_thalweg(json, name);
  const std::vector<std::string> known{"torch", "keras", "keras2", "optax", "tf1", "timm", "thalweg"};
  throw Error("unknown peer " + in_quotes(peer) + suggest(peer, known));
}

}  // namespace thalweg::inline v0_1
