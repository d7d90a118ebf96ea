// How many cores the process may use: the affinity mask, and quotas of cgroups in made-up roots.
#include "threads/cores.h"

#include <gtest/gtest.h>

#include <sched.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>

namespace thalweg::tests {
namespace {

namespace fs = std::filesystem;

/// The quota under a root with these files.
std::optional<double> quota_of(const std::map<std::string, std::string>& files) {
  const fs::path root = fs::path(::testing::TempDir()) /
                        ("cores_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
  fs::remove_all(root);
  for (const auto& [name, text] : files) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << text;
  }
  const std::optional<double> quota = cgroup_quota(root);
  fs::remove_all(root);
  return quota;
}

constexpr const char* kUnified = "25 20 0:22 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kFirst =
    "24 20 0:20 / /proc rw - proc proc rw\n"
    "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:12 - cgroup cgroup rw,cpu,cpuacct\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n";

TEST(Cores, NoCgroupsNoQuota) {
  EXPECT_EQ(quota_of({}), std::nullopt);
  EXPECT_EQ(quota_of({{"proc/self/cgroup", "0::/\n"}, {"proc/self/mountinfo", ""}}), std::nullopt);
  EXPECT_EQ(quota_of({{"proc/self/cgroup", "0::/\n"}, {"proc/self/mountinfo", kUnified}}), std::nullopt);
}

TEST(Cores, SecondVersion) {
  std::map<std::string, std::string> files{{"proc/self/cgroup", "0::/user.slice/job\n"},
                                           {"proc/self/mountinfo", kUnified},
                                           {"sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n"}};
  EXPECT_EQ(quota_of(files), std::nullopt);
  files["sys/fs/cgroup/user.slice/job/cpu.max"] = "250000 100000\n";
  EXPECT_EQ(quota_of(files), 2.5);
  files["sys/fs/cgroup/user.slice/cpu.max"] = "150000 100000\n";  // a parent's holds too
  EXPECT_EQ(quota_of(files), 1.5);
  files["sys/fs/cgroup/cpu.max"] = "10000 20000\n";
  EXPECT_EQ(quota_of(files), 0.5);
  files["sys/fs/cgroup/other/cpu.max"] = "1 100000\n";  // another's does not
  EXPECT_EQ(quota_of(files), 0.5);
}

TEST(Cores, FirstVersion) {
  std::map<std::string, std::string> files{{"proc/self/cgroup", "5:cpuset:/other\n4:cpu,cpuacct:/job\n0::/unified\n"},
                                           {"proc/self/mountinfo", kFirst},
                                           {"sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n"},
                                           {"sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n"}};
  EXPECT_EQ(quota_of(files), std::nullopt);
  files["sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us"] = "320000\n";
  EXPECT_EQ(quota_of(files), 3.2);
  files["sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"] = "200000\n";
  files["sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us"] = "100000\n";
  EXPECT_EQ(quota_of(files), 2);
}

TEST(Cores, Containers) {
  // The container's own group is mounted, whatever it is called outside.
  const std::string mounted = "33 31 0:30 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n";
  std::map<std::string, std::string> files{{"proc/self/cgroup", "4:cpu:/docker/abc\n"},
                                           {"proc/self/mountinfo", mounted},
                                           {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n"},
                                           {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}};
  EXPECT_EQ(quota_of(files), 1.5);
  files["proc/self/cgroup"] = "4:cpu:/docker/abc/inner\n";
  files["sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us"] = "50000\n";
  files["sys/fs/cgroup/cpu/inner/cpu.cfs_period_us"] = "100000\n";
  EXPECT_EQ(quota_of(files), 0.5);
  files["proc/self/cgroup"] = "4:cpu:/../elsewhere\n";
  EXPECT_EQ(quota_of(files), 1.5);
}

TEST(Cores, OddFiles) {
  EXPECT_EQ(quota_of({{"proc/self/cgroup", "0::/\n"},
                      {"proc/self/mountinfo", R"(25 20 0:22 / /a\040b\134c rw - cgroup2 cgroup2 rw)"},
                      {R"(a b\c/cpu.max)", "200000 100000\n"}}),
            2);
  for (const char* text :
       {"", "\n", "100000", "x y\n", "0 100000\n", "-5 100000\n", "100000 0\n", "nan 1\n", "1 2 3\n"}) {
    EXPECT_EQ(
        quota_of({{"proc/self/cgroup", "0::/\n"}, {"proc/self/mountinfo", kUnified}, {"sys/fs/cgroup/cpu.max", text}}),
        std::nullopt)
        << text;
  }
  for (const char* line : {"", " ", "-", "a b c d e f g - cgroup2", "25 20 0:22 / /sys/fs/cgroup rw"}) {
    EXPECT_EQ(quota_of({{"proc/self/cgroup", "::\n:\n0::/"}, {"proc/self/mountinfo", line}, {"cpu.max", "1 1"}}),
              std::nullopt)
        << line;
  }
}

TEST(Cores, AffinityMask) {
  EXPECT_GE(available_cores(), 1);
  std::thread([] {  // the mask is the thread's
    cpu_set_t all, one;
    ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
    EXPECT_LE(available_cores(), CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &all) && CPU_COUNT(&one) == 0) CPU_SET(core, &one);
    }
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(available_cores(), 1);
  })
      .join();
}

}  // namespace
}  // namespace thalweg::tests
