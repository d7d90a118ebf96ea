// Target: one number that thalweg must reach, and how it is measured.
#pragma once

#include "pairs.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::bench {

/// What a measurement gave.
struct Measurement {
  std::optional<Spread> value;  ///< absent: not measured, `detail` says why
  std::string detail;           ///< what stands behind the value: times of both sides
  double busy_cores = 0;        ///< with other work, before or after: see load.h
};

struct Target {
  std::string id;    ///< `roof.rmsprop.2`: what --only selects, whole or up to a dot
  std::string what;  ///< one line
  bool at_least;     ///< is `limit` the least or the greatest allowed value?
  double limit;
  std::string unit;  ///< what follows the number: `×`, `%`, ` min`
  std::function<Measurement()> measure;

  bool met(double value) const { return at_least ? value >= limit : value <= limit; }
};

/// How the targets are measured; from the command line.
struct Settings {
  int pairs = 11;
  int threads = 0;                       ///< of both sides, where the target says nothing else; 0: all cores
  std::string python;                    ///< Python that has torch 2.13.0
  std::filesystem::path peers;           ///< folder of the programs that run there
  std::filesystem::path training_steps;  ///< the program that does the same in C++
  std::filesystem::path demo_log{};      ///< what scripts/fresh_debian.sh printed; empty: not given
};

/// All threads, and one: what each row is measured with that does not say it otherwise.
std::vector<int> thread_counts(const Settings& settings);

// Each adds the targets of one source. What they measure with is made when they are measured.
void add_engine_targets(const Settings& settings, std::vector<Target>& targets);
void add_look_targets(const Settings& settings, std::vector<Target>& targets);
void add_idle_targets(const Settings& settings, std::vector<Target>& targets);
void add_libtorch_targets(const Settings& settings, std::vector<Target>& targets);
void add_drop_in_targets(const Settings& settings, std::vector<Target>& targets);
void add_training_targets(const Settings& settings, std::vector<Target>& targets);
void add_peer_targets(const Settings& settings, std::vector<Target>& targets);
void add_rows_targets(const Settings& settings, std::vector<Target>& targets);
void add_result_targets(const Settings& settings, std::vector<Target>& targets);

}  // namespace thalweg::bench
