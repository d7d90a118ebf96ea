// Load: read from /proc.
#include "load.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <fstream>
#include <optional>
#include <string_view>
#include <thread>

#include <unistd.h>

namespace thalweg::bench {

namespace {

using namespace std::chrono_literals;

// Longer than the threads of this process spin after their last work.
constexpr auto kRest = 50ms, kWatch = 300ms;

/// Clock ticks of all cores in which they were not idle.
std::optional<double> busy_ticks() {
  std::ifstream file("/proc/stat");
  std::string cpu;
  // user, nice, system, idle, iowait, irq, softirq, steal
  std::array<double, 8> ticks{};
  if (!(file >> cpu)) return {};
  for (double& each : ticks) {
    if (!(file >> each)) return {};
  }
  return ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7];
}

/// The value of the first line `KEY : VALUE`.
std::string value_of(const char* name, std::string_view key) {
  std::ifstream file(name);
  for (std::string line; std::getline(file, line);) {
    if (const std::size_t colon = line.find(": "); line.starts_with(key) && colon != std::string::npos)
      return line.substr(colon + 2);
  }
  return "unknown processor";
}

}  // namespace

double busy_cores() {
  std::this_thread::sleep_for(kRest);
  const std::optional<double> before = busy_ticks();
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(kWatch);
  const std::optional<double> after = busy_ticks();
  const std::chrono::duration<double> watched = std::chrono::steady_clock::now() - start;
  if (!before || !after) return -1;
  return (*after - *before) / static_cast<double>(sysconf(_SC_CLK_TCK)) / watched.count();
}

std::string machine() {
  std::string averages = "unknown";
  if (std::ifstream file("/proc/loadavg"); file) {
    std::array<std::string, 3> values;
    file >> values[0] >> values[1] >> values[2];
    averages = fmt::format("{} {} {}", values[0], values[1], values[2]);
  }
  return fmt::format("{}, {} cores, load averages {}", value_of("/proc/cpuinfo", "model name"),
                     std::thread::hardware_concurrency(), averages);
}

}  // namespace thalweg::bench
