// Program: a command of one's own that a study runs in place of a training.
#pragma once

#include "tasks/metric.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// A command whose words may hold `{NAME}`, and what it tells on its standard output: a JSON object a line, of which
/// numbers are metrics, and `epoch` or `step` says when; lines that are none are its own business.
struct Program {
  std::vector<std::string> command;  ///< empty: there is none
  std::string metric = "loss";       ///< of its lines, by which trials are compared
  Better better = Better::lower;
  double timeout = 0;  ///< seconds after which a trial is ended as failed; 0: none

  explicit operator bool() const { return !command.empty(); }
};

void to_json(nlohmann::json& json, const Program& program);
/// Throws nlohmann::json::exception or thalweg::Error for what is none.
void from_json(const nlohmann::json& json, Program& program);

/// One run of a program.
struct ProgramCall {
  std::vector<std::string> words;  ///< with values in place of placeholders
  std::string metric;
  Better better = Better::lower;
  double timeout = 0;  ///< seconds; 0: none
  std::string test{};  ///< key whose last value is the run's result on the test part; empty: none is read
};

void to_json(nlohmann::json& json, const ProgramCall& call);
void from_json(const nlohmann::json& json, ProgramCall& call);

/// The program of a StudyData::config; none where it has none. Throws thalweg::Error for a damaged one.
Program program_of(const nlohmann::json& config);

/// The key of the lines by which a comparison's final runs are compared where they have it: `test_accuracy`.
std::string test_key(const Program& program);

/// The task that a study of such a program has: `program`, or, where more is better, `scored_program`.
std::string task_of(const Program& program);

/// What its placeholders may be beside the parameters.
struct Placeholders {
  static constexpr const char* kSeed = "seed";            ///< of the run
  static constexpr const char* kFolder = "folder";        ///< of the trial, for files that may outlive an interruption
  static constexpr const char* kOptimizer = "optimizer";  ///< of a comparison: a competitor's text
  static constexpr const char* kRate = "lr";              ///< of a comparison: the learning rate that is tuned
};

/// Is this placeholder in a word of the command?
bool uses(const Program& program, const std::string& placeholder);

/// Throws thalweg::Error if a word has a placeholder that is none of these names (with the nearest), nor `seed` nor
/// `folder`, or if one of these names is in no word: it would change nothing.
void check_placeholders(const Program& program, const std::vector<std::string>& names);

/// The command with values in place of the placeholders; of `{{` and `}}` one brace stays. A name without a value
/// (a parameter that does not count) becomes empty text.
std::vector<std::string> filled(const Program& program, const std::map<std::string, std::string>& values);

/// A run with these values, of which no result on a test part is read.
ProgramCall call_of(const Program& program, const std::map<std::string, std::string>& values);

}  // namespace thalweg::lab
