// RecordedFile: a test that writes recorded runs into a file and gives it to the thalweg command.
#pragma once

#include "command.h"
#include "idx_files.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
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
    std::ofstream(file) << python_text(cases);
    return file.string();
  }
  Ended run(const nlohmann::json& cases, std::vector<std::string> flags = {}) const {
    flags.insert(flags.begin(), {subcommand_, write(cases)});
    return run_command(folder_.path(), flags);
  }

  /// As Python writes it: with NaN and Infinity.
  static std::string python_text(const nlohmann::json& value) {
    if (value.is_number_float() && !std::isfinite(value.get<double>())) {
      const auto number = value.get<double>();
      return std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
    }
    if (!value.is_structured()) return value.dump();
    std::string text;
    for (const auto& [key, inner] : value.items()) {
      text += (text.empty() ? "" : ", ") + (value.is_object() ? nlohmann::json(key).dump() + ": " : "");
      text += python_text(inner);
    }
    return value.is_object() ? "{" + text + "}" : "[" + text + "]";
  }

  TemporaryFolder folder_;

 private:
  std::string subcommand_;
};

}  // namespace thalweg::lab::test
