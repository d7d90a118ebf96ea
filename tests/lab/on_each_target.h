// OnEachTarget: tests of Highway's dynamic dispatch that run once for each instruction set of this machine.
#pragma once

#include <thalweg/kernels/targets.h>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cstdint>
#include <string>

namespace thalweg::tests {

class OnEachTarget : public ::testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override {
    hwy::SetSupportedTargetsForTest(GetParam());
    hwy::GetChosenTarget().DeInit();
    torch::manual_seed(1);
  }
  void TearDown() override {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
};

inline auto each_target() { return ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()); }
inline std::string target_name(const ::testing::TestParamInfo<std::int64_t>& target) {
  return hwy::TargetName(target.param);
}

}  // namespace thalweg::tests
