// Targets that a real run of the whole reaches: the test accuracy of trainings, the time of ./demo.
#include "target.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
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

/// Real trainings by the command, with the settings that it has by default: the mean over seeds 1 … `seeds`.
Measurement accuracy(const std::string& model, int seeds) {
  double sum = 0, least = 100, greatest = 0, seconds = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    const std::string command =
        fmt::format("{} train --json --model {} --seed {} 2>/dev/null", THALWEG_COMMAND, model, seed);
    const nlohmann::json result = nlohmann::json::parse(output_of(command));
    seconds += result.at("seconds").get<double>();
    if (result.at("test").is_null())
      return {{}, fmt::format("{}: {}", command, result.at("reason").get<std::string>())};
    const double percent = 100 * result.at("test").at("accuracy").get<double>();
    sum += percent;
    least = std::min(least, percent);
    greatest = std::max(greatest, percent);
  }
  return {Spread{sum / seeds, least, greatest},
          fmt::format("thalweg train --model {}: mean of {} seed{}, {:.0f} s of training", model, seeds,
                      seeds == 1 ? "" : "s", seconds)};
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
  struct Row {
    std::string model;
    double percent;
    int seeds;
  };
  for (const Row& row : {Row{"mlp", 88.7, 8}, Row{"cnn", 92, 1}, Row{"lstm", 88, 1}}) {
    targets.push_back({"accuracy." + row.model, row.model + " with RMSprop on Fashion-MNIST, default settings",
                       /*at_least=*/true, row.percent, " %", [=] { return accuracy(row.model, row.seeds); }});
  }
}

}  // namespace thalweg::bench
