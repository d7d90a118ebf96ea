// Suggestions for misspelt names.
#include "thalweg/suggest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thalweg::inline v0_1 {
namespace {

const std::vector<std::string> kRules = {"sgd", "rmsprop", "adam", "adamw", "nadam"};

TEST(Suggest, NamesTheNearest) {
  EXPECT_EQ(suggest("rmsprob", kRules), "; did you mean rmsprop?");
  EXPECT_EQ(suggest("rsmprop", kRules), "; did you mean rmsprop?");  // Two neighbours swapped.
  EXPECT_EQ(suggest("RMSProp", kRules), "; did you mean rmsprop?");
  EXPECT_EQ(suggest("rmsp", kRules), "; did you mean rmsprop?");  // The beginning.
  EXPECT_EQ(suggest("sdg", kRules), "; did you mean sgd?");
}

TEST(Suggest, OrdersByDistanceThenAsKnown) {
  EXPECT_EQ(suggest("adan", kRules), "; did you mean adam?");
  EXPECT_EQ(suggest("adamx", kRules), "; did you mean adam or adamw?");
  EXPECT_EQ(suggest("nadm", std::vector<std::string>{"nadams", "nadim", "nadam"}),
            "; did you mean nadim, nadam or nadams?");
}

TEST(Suggest, GivesNoMoreThanThree) {
  const std::vector<std::string> known = {"layer4", "layer3", "layer2", "layer1"};
  EXPECT_EQ(suggest("layer9", known), "; did you mean layer4, layer3 or layer2?");
}

TEST(Suggest, ListsWhatIsKnownIfNothingIsNear) {
  EXPECT_EQ(suggest("lbfgs", kRules), "; known: sgd, rmsprop, adam, adamw, nadam");
  EXPECT_EQ(suggest("", kRules), "; known: sgd, rmsprop, adam, adamw, nadam");
  EXPECT_EQ(suggest("x", std::vector<std::string>{"y"}), "; known: y");
  EXPECT_EQ(suggest("anything", {}), "");
}

TEST(Suggest, AListStaysShort) {
  std::vector<std::string> known;
  for (int i = 0; i < 1000; ++i) {
    known.push_back("name" + std::to_string(i));
  }
  const std::string text = suggest("zzz", known);
  EXPECT_TRUE(text.starts_with("; known: name0, name1, ")) << text;
  EXPECT_TRUE(text.ends_with(", name19 and 980 more")) << text;
}

}  // namespace
}  // namespace thalweg::inline v0_1
