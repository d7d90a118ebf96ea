// A fixture for tests that run the command in a folder of their own.
#pragma once

#include "command.h"
#include "idx_files.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab::test {

class CommandFolder : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  Ended thalweg(std::vector<std::string> arguments) const { return run_command(folder_.path(), std::move(arguments)); }
  /// With --json; null, and a failure, where it does not end with 0.
  nlohmann::json json_of(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const Ended ended = thalweg(std::move(arguments));
    EXPECT_EQ(ended.code, 0) << ended.errors;
    return ended.code == 0 ? nlohmann::json::parse(ended.output) : nlohmann::json();
  }

  TemporaryFolder folder_;
};

}  // namespace thalweg::lab::test
