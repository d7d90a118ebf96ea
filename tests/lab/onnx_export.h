// A fixture for tests of runs that are exported as ONNX.
#pragma once

#include "command_folder.h"
#include "onnx_reader.h"

#include <thalweg/safetensors.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab::test {

/// Trains, exports both ways, and has what came of it.
class OnnxExport : public CommandFolder {
 protected:
  /// A run of two steps, as ONNX and as weights.
  void train(const std::string& model, const std::string& data, std::vector<std::string> flags = {}) {
    std::vector<std::string> arguments{"train", "--model",   model, "--data",      data,    "--steps",  "2", "--batch",
                                       "8",     "--threads", "1",   "--overwrite", "--out", path("run")};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Ended trained = thalweg(arguments);
    ASSERT_EQ(trained.code, 0) << trained.errors;
    for (const char* const name : {"model.onnx", "model.safetensors"}) {
      const Ended ended = thalweg({"export", path("run"), "-o", path(name)});
      ASSERT_EQ(ended.code, 0) << ended.errors;
    }
    onnx_ = read_onnx(contents(path("model.onnx")));
    weights_ = safetensors::read(path("model.safetensors"));
    EXPECT_THAT(faults_of(onnx_), testing::IsEmpty()) << model;
    EXPECT_EQ(onnx_.graph_name, model);
    EXPECT_EQ(onnx_.metadata.at("training"), weights_.metadata.at("training"));
    ASSERT_EQ(onnx_.outputs.size(), 1u);
    EXPECT_EQ(onnx_.outputs[0].name, "y");
    EXPECT_EQ(onnx_.outputs[0].axes.at(0), "n");
  }
  std::vector<float> weight(const std::string& name) const {
    const auto values = weights_.tensors.at(name).values<float>();
    return {values.begin(), values.end()};
  }
  /// Those that both files have are the same, shapes too; how many there are.
  std::size_t same_weights() const {
    std::size_t count = 0;
    for (const auto& [name, tensor] : onnx_.weights) {
      const auto own = weights_.tensors.find(name);
      if (own == weights_.tensors.end()) continue;
      ++count;
      EXPECT_EQ(tensor.floats(), weight(name)) << name;
      EXPECT_TRUE(std::ranges::equal(tensor.shape, own->second.shape)) << name;
    }
    return count;
  }

  OnnxFile onnx_;
  safetensors::Contents weights_;
};

}  // namespace thalweg::lab::test
