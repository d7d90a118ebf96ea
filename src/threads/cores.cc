// How many cores this process may use: affinity mask and cgroup quotas.
#include "threads/cores.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

namespace thalweg::inline v0_1 {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

bool contains(const std::vector<std::string>& all, std::string_view one) { return std::ranges::count(all, one) != 0; }

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// A hierarchy of cgroups that can have quotas: where it is mounted, and which of its groups is mounted there.
struct Hierarchy {
  bool v2 = false;
  std::string group;  ///< all of them: `/`; in a container without a namespace of its own `/docker/…`
  std::string folder;
};

/// Spaces and backslashes of mountinfo's paths stand there as `\040`, `\134`.
std::string unescaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 4], code, 8).ptr == &text[i + 4]) {
      result += static_cast<char>(code);
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// From a line of /proc/self/mountinfo: `24 30 0:22 GROUP FOLDER rw,… shared:9 - cgroup2 cgroup2 rw,…`.
std::optional<Hierarchy> hierarchy_of(const std::string& line) {
  const std::vector<std::string> fields = split(line, ' ');
  const auto dash = std::ranges::find(fields, "-");
  if (dash - fields.begin() < 6 || fields.end() - dash < 4) return std::nullopt;
  const bool v2 = dash[1] == "cgroup2";
  if (!v2 && !(dash[1] == "cgroup" && contains(split(dash[3], ','), "cpu"))) return std::nullopt;
  return Hierarchy{v2, unescaped(fields[3]), unescaped(fields[4])};
}

/// The process' group in this hierarchy, from lines of /proc/self/cgroup: `0::/GROUP` (v2), `4:cpu,cpuacct:/GROUP`.
std::optional<std::string> group_in(const Hierarchy& hierarchy, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (hierarchy.v2 ? controllers.empty() : contains(split(controllers, ','), "cpu")) return line.substr(second + 1);
  }
  return std::nullopt;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

/// Of one group alone. `max` and −1 are no quota.
std::optional<double> quota_of(const fs::path& folder, bool v2) {
  std::vector<std::string> words;
  if (v2) {
    const std::vector<std::string> lines = lines_of(folder / "cpu.max");
    if (!lines.empty()) words = split(lines[0], ' ');
  } else {
    for (const char* file : {"cpu.cfs_quota_us", "cpu.cfs_period_us"}) {
      const std::vector<std::string> lines = lines_of(folder / file);
      if (!lines.empty()) words.push_back(lines[0]);
    }
  }
  if (words.size() != 2) return std::nullopt;
  const std::optional<double> quota = number(words[0]), period = number(words[1]);
  if (!quota || !period || !(*quota > 0) || !(*period > 0)) return std::nullopt;
  return *quota / *period;
}

int cores_of_affinity() {
#ifdef __linux__
  // The kernel refuses a set that is smaller than its own.
  for (int size = 1024; size <= 1 << 20; size *= 2) {
    cpu_set_t* const set = CPU_ALLOC(static_cast<std::size_t>(size));
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

std::optional<double> cgroup_quota(const fs::path& root) {
  std::optional<double> smallest;
  const std::vector<std::string> groups = lines_of(root / "proc/self/cgroup");
  for (const std::string& line : lines_of(root / "proc/self/mountinfo")) {
    const std::optional<Hierarchy> hierarchy = hierarchy_of(line);
    if (!hierarchy) continue;
    const std::optional<std::string> group = group_in(*hierarchy, groups);
    if (!group) continue;
    // From the mounted group down to the process' own. A group that lies elsewhere shows nothing but the mounted one.
    fs::path folder = root / fs::path(hierarchy->folder).relative_path();
    const fs::path below = fs::path(*group).lexically_relative(hierarchy->group);
    std::vector<fs::path> folders{folder};
    if (!below.empty() && *below.begin() != "..") {
      for (const fs::path& name : below) folders.push_back(folder /= name);
    }
    for (const fs::path& each : folders) {
      const std::optional<double> quota = quota_of(each, hierarchy->v2);
      if (quota) smallest = std::min(smallest.value_or(*quota), *quota);
    }
  }
  return smallest;
}

int available_cores() {
  const int cores = std::max(1, cores_of_affinity());
  static const std::optional<double> quota = cgroup_quota("/");  // the mask costs a microsecond, this a hundred
  return quota ? static_cast<int>(std::clamp(std::ceil(*quota), 1.0, static_cast<double>(cores))) : cores;
}

}  // namespace thalweg::inline v0_1
