// What tests of `thalweg tune` as a command share: small images, searches of them, and what they found.
#pragma once

#include "command.h"
#include "idx_files.h"
#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab::test {

class TuneCommandTest : public testing::Test {
 protected:
  TuneCommandTest() {
    std::filesystem::create_directory(folder_.path() / "data");
    write_learnable_dataset(folder_.path() / "data", 300, 40);
  }

  using Words = std::vector<std::string>;

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  /// `thalweg tune` of a small training into the folder of this name.
  Words search(const std::string& out, const Words& more = {}) const {
    Words words{"tune", "--data", "idx:" + path("data"), "--dense", "16", "--jobs", "1", "--out", path(out)};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  /// `thalweg tune` of a command into the folder of this name. The shell has the script's text, and behind it the
  /// value of `x` as $1 and the trial's folder as $2.
  Words program(const std::string& out, const Words& flags, const std::string& script) const {
    Words words{"tune", "--jobs", "1", "--out", path(out)};
    words.insert(words.end(), flags.begin(), flags.end());
    for (const char* const word : {"--", "sh", "-c", script.c_str(), "script", "{x}", "{folder}"}) {
      words.emplace_back(word);
    }
    return words;
  }
  Ended run(const Words& words) const { return run_command(folder_.path(), words); }

  StudyData load(const std::string& out) const { return Store::open_for_reading(find_study(path(out))).load(); }
  /// Runs with this status; 0 where there is no study yet.
  std::ptrdiff_t runs(const std::string& out, TrialStatus status) const {
    if (!std::filesystem::exists(folder_.path() / out / kStudyFile)) return 0;
    return std::ranges::count(load(out).trials, status, &TrialData::status);
  }

  /// What --json printed, without what a repetition measures anew and without the study's place.
  static nlohmann::json found(const Ended& ended) {
    if (ended.code != 0) return ended.errors;
    nlohmann::json json = nlohmann::json::parse(ended.output);
    for (nlohmann::json& trial : json.at("trials")) trial.erase("seconds");
    for (const char* const key : {"seconds", "configuration"}) json.at("best").erase(key);
    return json;
  }

  TemporaryFolder folder_;
};

}  // namespace thalweg::lab::test
