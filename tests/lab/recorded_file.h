// RecordedFile: a test that writes recorded runs into a file and gives it to the thalweg command.
#pragma once

#include "command.h"
#include "idx_files.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab::test {

class RecordedFile : public testing::Test {
 protected:
  explicit RecordedFile(std::string subcommand) : subcommand_(std::move(subcommand)) {}

  std::string write(const nlohmann::json& cases) const {
    const std::filesystem::path file = folder_.path() / "recorded.json";
    std::ofstream(file) << cases;
    return file.string();
  }
  Ended run(const nlohmann::json& cases, std::vector<std::string> flags = {}) const {
    flags.insert(flags.begin(), {subcommand_, write(cases)});
    return run_command(folder_.path(), flags);
  }

  TemporaryFolder folder_;

 private:
  std::string subcommand_;
};

}  // namespace thalweg::lab::test
