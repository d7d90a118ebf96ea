// How many cores this process may use.
#pragma once

#include <filesystem>
#include <optional>

namespace thalweg::inline v0_1 {

/// Cores that this process may use, at least 1: those of its affinity mask (`taskset`), and no more than the quotas of
/// its cgroups give time for (containers), rounded up.
int available_cores();

/// The threads that a step may use where so many were asked for: 0 stands for one for each available core.
inline int threads_for(int asked) { return asked == 0 ? available_cores() : asked; }

/// The smallest quota, in cores, of the calling process' cgroups (v2 `cpu.max`, v1 `cpu.cfs_quota_us`) and of those
/// that they are in; nothing where there is none. Reads below `root`, which is `/` but in tests.
std::optional<double> cgroup_quota(const std::filesystem::path& root);

}  // namespace thalweg::inline v0_1
