// Tests of what is found in a training's diagnostics: made-up records, and trainings that really vanish or explode.
#include "training/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

LayerRecord layer(const std::string& parameter, double gradient_rms, double ratio = 1e-3) {
  constexpr std::int64_t kElements = 400;
  const double norm = gradient_rms * std::sqrt(static_cast<double>(kElements));
  return {.parameter = parameter,
          .elements = kElements,
          .gradient_norm = norm,
          .parameter_norm = 2,
          .update_norm = 2 * ratio,
          .zero_share = gradient_rms == 0 ? 1.0 : 0.0,
          .non_finite = 0};
}

/// Three layers in each of `n` records, at the steps 10, 20, …
std::vector<DiagnosticRecord> healthy(std::size_t n) {
  std::vector<DiagnosticRecord> records;
  for (std::size_t i = 1; i <= n; ++i) {
    records.push_back({.step = static_cast<std::int64_t>(10 * i),
                       .gradient_norm = 1,
                       .clipped_norm = 1,
                       .greatest_norm = 2,
                       .layers = {layer("dense1.weight", 1e-3), layer("dense1.bias", 1e-12),
                                  layer("dense2.weight", 1e-3), layer("output.weight", 1e-2)}});
  }
  return records;
}

std::vector<FindingKind> kinds(const std::vector<DiagnosticRecord>& records) {
  std::vector<FindingKind> result;
  for (const Finding& finding : findings(records)) result.push_back(finding.kind);
  return result;
}

TEST(Findings, AreNoneOfAHealthyRun) {
  EXPECT_THAT(findings({}), IsEmpty());
  for (const std::size_t n : {1, 9, 10, 200}) EXPECT_THAT(kinds(healthy(n)), IsEmpty()) << n;
}

TEST(Findings, VanishingIsToldWithItsFirstStepAndAllLayers) {
  std::vector<DiagnosticRecord> records = healthy(40);
  for (std::size_t i = 20; i < 40; ++i) {
    records[i].layers[0] = layer("dense1.weight", 0.9e-9);
    records[i].layers[2] = layer("dense2.weight", 0.9e-9);
  }
  const std::vector<Finding> found = findings(records);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, FindingKind::vanishing);
  EXPECT_EQ(found[0].parameter, "dense1.weight");
  EXPECT_EQ(found[0].since, 210);
  EXPECT_THAT(found[0].text,
              AllOf(HasSubstr("`dense1.weight`"), HasSubstr("`output.weight`"), HasSubstr("since step 210"),
                    HasSubstr("likewise `dense2.weight`"), HasSubstr("9e-8")));
  EXPECT_THAT(found[0].advice, HasSubstr("activation"));
}

TEST(Findings, WhatHasNotLastedOrHasEndedIsNotTold) {
  std::vector<DiagnosticRecord> records = healthy(40);
  for (std::size_t i = 31; i < 40; ++i) records[i].layers[0] = layer("dense1.weight", 1e-10);  // nine
  EXPECT_THAT(kinds(records), IsEmpty());
  records[30].layers[0] = layer("dense1.weight", 1e-10);
  EXPECT_THAT(kinds(records), ElementsAre(FindingKind::vanishing));
  records[39].layers[0] = layer("dense1.weight", 1e-3);
  EXPECT_THAT(kinds(records), IsEmpty());
}

TEST(Findings, TheLimitOfVanishingIsExact) {
  for (const double gradient : {0.99e-9, 1.01e-9}) {
    std::vector<DiagnosticRecord> records = healthy(10);
    for (DiagnosticRecord& record : records) record.layers[0] = layer("dense1.weight", gradient);
    EXPECT_EQ(kinds(records).size(), gradient < 1e-9 ? 1U : 0U) << gradient;
  }
}

TEST(Findings, ASizeOfALayerIsNoVanishing) {
  // The same gradient in each element, whatever their number.
  std::vector<DiagnosticRecord> records = healthy(10);
  for (DiagnosticRecord& record : records) {
    record.layers[0].elements = 4;
    record.layers[0].gradient_norm = 1e-2 * 2;
    record.layers[3].elements = 1'000'000'000'000'000;
    record.layers[3].gradient_norm = 1e-2 * std::sqrt(1e15);
  }
  EXPECT_THAT(kinds(records), IsEmpty());
}

TEST(Findings, ExplodingIsAgainstTheRecordsBefore) {
  std::vector<DiagnosticRecord> records = healthy(40);
  records[25].greatest_norm = 101;
  records[25].layers[2].gradient_norm = 80;
  std::vector<Finding> found = findings(records);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, FindingKind::exploding);
  EXPECT_EQ(found[0].since, 260);
  EXPECT_THAT(found[0].text, AllOf(HasSubstr("between steps 251 and 260"), HasSubstr("101 times")));
  EXPECT_THAT(found[0].advice, HasSubstr("clip=global_norm:1"));

  records[25].greatest_norm = 99;
  EXPECT_THAT(kinds(records), IsEmpty());
  // Great from the beginning, and then small for ever, as where a training fits its data.
  records = healthy(40);
  for (std::size_t i = 0; i < 40; ++i) {
    records[i].gradient_norm = records[i].clipped_norm = records[i].greatest_norm = std::pow(0.5, i);
  }
  EXPECT_THAT(kinds(records), IsEmpty());
}

TEST(Findings, AGradientThatIsNotFiniteIsToldAtOnce) {
  std::vector<DiagnosticRecord> records = healthy(2);
  records[1].greatest_norm = records[1].gradient_norm = records[1].clipped_norm =
      std::numeric_limits<double>::infinity();
  records[1].layers[2].non_finite = 3;
  const std::vector<Finding> found = findings(records);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].parameter, "dense2.weight");
  EXPECT_THAT(found[0].text, HasSubstr("not finite"));
  // Between two steps that were looked into: the layers are those of the one before.
  records[1].layers.clear();
  records[0].layers[3].gradient_norm = 1e3;
  EXPECT_THAT(findings(records)[0].text, HasSubstr("in step 10 most of it was in `output.weight`"));
}

TEST(Findings, ClippingThatIsThereIsNotAdvised) {
  std::vector<DiagnosticRecord> records = healthy(30);
  for (DiagnosticRecord& record : records) record.gradient_norm = 3;
  records[20].greatest_norm = 1000;
  EXPECT_THAT(findings(records)[0].advice, AllOf(Not(HasSubstr("global_norm")), HasSubstr("lower limit")));
}

TEST(Findings, UpdatesOutOfRangeAndGradientsOfZero) {
  const auto all = [](double gradient, double ratio) {
    std::vector<DiagnosticRecord> records = healthy(12);
    for (DiagnosticRecord& record : records) record.layers[0] = layer("dense1.weight", gradient, ratio);
    return kinds(records);
  };
  EXPECT_THAT(all(1e-3, 0.11), ElementsAre(FindingKind::too_fast));
  EXPECT_THAT(all(1e-3, 0.99e-6), ElementsAre(FindingKind::too_slow));
  EXPECT_THAT(all(1e-3, 0.09), IsEmpty());
  EXPECT_THAT(all(1e-3, 1.01e-6), IsEmpty());
  EXPECT_THAT(all(0, 0), ElementsAre(FindingKind::no_gradient)) << "and not too slow, which follows";
  EXPECT_THAT(all(1e-10, 1e-9), ElementsAre(FindingKind::vanishing)) << "likewise";
  // Biases begin at 0.
  std::vector<DiagnosticRecord> records = healthy(12);
  for (DiagnosticRecord& record : records) record.layers[1] = layer("dense1.bias", 1, 5);
  EXPECT_THAT(kinds(records), IsEmpty());
}

TEST(Findings, DeadUnitsAreOfTheLastEpoch) {
  std::vector<EpochRecord> epochs;
  for (std::int64_t epoch = 1; epoch <= 4; ++epoch) {
    EpochRecord& record = epochs.emplace_back();
    record.epoch = epoch;
    record.step = 100 * epoch;
    record.units = {{"dense1", 128, epoch < 3 ? 20 : 64}, {"dense2", 10, 0}};
  }
  const std::vector<Finding> found = findings({}, epochs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, FindingKind::dead_units);
  EXPECT_EQ(found[0].since, 300);
  EXPECT_THAT(found[0].text, AllOf(HasSubstr("128 units of `dense1`, 64 were 0"), HasSubstr("step 400")));
  epochs.back().units[0].dead = 63;
  EXPECT_THAT(findings({}, epochs), IsEmpty());
}

}  // namespace
}  // namespace thalweg::lab
