// libFuzzer target: any text as the configuration of a training, as JSON or as a TOML file of flags. It is refused by
// an Error, or is written as a text that is read as the same again, within the ranges of all settings. The first
// character says which of the two follows.
#include "commands/config_file.h"
#include "commands/setting_flags.h"
#include "json_text.h"
#include "memory_file.h"
#include "training/config.h"

#include <thalweg/error.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace {

using thalweg::lab::TrainingConfig;
using thalweg::lab::test::require;

/// Nothing, if an Error says why.
template <class Read>
std::optional<TrainingConfig> read(const Read& reader) {
  try {
    return reader();
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
    return std::nullopt;
  }
}

TrainingConfig of_json(const std::string& text) { return thalweg::lab::parse_json(text, "JSON").get<TrainingConfig>(); }

/// A command with all flags of a training, and some of other kinds.
struct Command {
  Command() {
    for (const thalweg::lab::Setting& setting : thalweg::lab::settings_of(config)) {
      if (setting.group != thalweg::lab::SettingGroup::none) thalweg::lab::add_setting(app, setting);
    }
    CLI::Option* const out = app.add_option("--out", file, "a text")->type_name("FOLDER");
    app.add_flag("--json", json, "a switch")->excludes(out);
    app.add_option("OPTIMIZER", list, "a list of texts");
    thalweg::lab::add_config_flags(app, flags);
  }

  TrainingConfig config;
  std::string file;
  bool json = false;
  std::vector<std::string> list;
  thalweg::lab::ConfigFlags flags;
  CLI::App app{"a command"};
};

/// `printed`: what the command prints as its configuration afterwards.
TrainingConfig of_toml(std::span<const std::uint8_t> text, std::string& printed) {
  const thalweg::lab::test::MemoryFile file(text);
  Command command;
  thalweg::lab::read_config_file(command.app, file.path());
  printed = thalweg::lab::config_text(command.app, command.config);
  return command.config;
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void check_json(const std::string& text) {
  const std::optional<TrainingConfig> config = read([&] { return of_json(text); });
  if (!config) return;
  const std::string written = nlohmann::json(*config).dump();
  const std::optional<TrainingConfig> again = read([&] { return of_json(written); });
  require(again && nlohmann::json(*again).dump() == written, "what was written is read as something else");
}

void check_toml(std::span<const std::uint8_t> text) {
  std::string printed, again;
  const std::optional<TrainingConfig> config = read([&] { return of_toml(text, printed); });
  if (!config) return;
  require(read([&] { return of_toml(bytes_of(printed), again); }).has_value(), "what was printed is refused");
  require(again == printed, "what was printed is read as something else");
  if (read([&] {
        thalweg::lab::check(*config);
        return *config;
      })) {
    check_json(nlohmann::json(*config).dump());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  if (data[0] == 'j') {
    check_json(std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  } else {
    check_toml({data + 1, size - 1});
  }
  return 0;
}
