// Targets that a real run of the whole reaches: the test accuracy of trainings, the time of ./demo.
#include "target.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>

namespace thalweg::bench {

namespace {

/// What the command prints on standard output. Throws Error if it fails.
std::string output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (pipe == nullptr) throw Error(command + ": cannot be started");
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe.get())) text.append(part.data(), count);
  if (text.empty()) throw Error(command + " printed nothing");
  return text;
}

/// A real training by the command, with the settings that it has by default.
Measurement accuracy(const std::string& model) {
  const std::string command = THALWEG_COMMAND " train --json --model " + model + " 2>/dev/null";
  const nlohmann::json result = nlohmann::json::parse(output_of(command));
  const std::string detail =
      fmt::format("thalweg train --model {}: {}, {}, {} epochs in {:.0f} s", model,
                  result.at("config").at("optimizer").get<std::string>(), result.at("outcome").get<std::string>(),
                  result.at("epochs").get<int>(), result.at("seconds").get<double>());
  if (result.at("test").is_null()) return {{}, detail};
  const double percent = 100 * result.at("test").at("accuracy").get<double>();
  return {Spread{percent, percent, percent}, detail};
}

/// Minutes out of what scripts/fresh_debian.sh printed: the number of seconds that `pattern` captures.
Measurement minutes(const std::filesystem::path& log, const std::string& pattern) {
  if (log.empty()) return {{}, "not measured in this run: give --demo-log the output of scripts/fresh_debian.sh"};
  std::ifstream file(log);
  if (!file) throw Error(log.string() + ": cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string contents = text.str();
  std::smatch match;
  if (!std::regex_search(contents, match, std::regex(pattern))) {
    return {{}, log.string() + " has no line that matches \"" + pattern + "\""};
  }
  const double value = std::stod(match[1]) / 60;
  return {Spread{value, value, value}, match[0].str()};
}

}  // namespace

void add_result_targets(const Settings& settings, std::vector<Target>& targets) {
  const auto log = settings.demo_log;
  targets.push_back({"demo.all", "./demo from a fresh clone on a bare Debian 12", /*at_least=*/false, 12, " min",
                     [=] { return minutes(log, "on a bare Debian 12 took ([0-9]+) s, exit code 0"); }});
  targets.push_back({"demo.study", "of that, the comparison", /*at_least=*/false, 3, " min",
                     [=] { return minutes(log, "It took [0-9]+ s: .* comparison ([0-9]+) s"); }});
  for (const auto& [model, limit] : {std::pair<std::string, double>{"mlp", 88}, {"cnn", 91}, {"lstm", 88}}) {
    targets.push_back({"accuracy." + model, model + " with RMSprop on Fashion-MNIST, default settings",
                       /*at_least=*/true, limit, " %", [=, model = model] { return accuracy(model); }});
  }
}

}  // namespace thalweg::bench
