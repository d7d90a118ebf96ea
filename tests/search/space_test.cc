// Search spaces: their texts, what counts, and points as parameters.
#include "search/space.h"
#include "error_of.h"

#include <gmock/gmock.h>

namespace thalweg::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using tests::error_of;

using Texts = std::vector<std::string>;

const Texts& conditional_texts() {
  static const Texts texts = {"lr=log:0.0001:1",
                              "width=int:log:8:512",
                              "depth=int:-1:4",
                              "offset=-1.5:2e+20",
                              "rule=choice:sgd|sgd:momentum=0.9|adam",
                              "batch=choice:32|64|128",
                              "warmup=choice:0|0.5|1",
                              "momentum=0:0.99:if:rule=sgd|sgd:momentum=0.9",
                              "nesterov=choice:no|yes:if:rule=sgd",
                              "dampening=0:1:if:nesterov=no",
                              "accumulate=int:1:4:if:batch=32|128"};
  return texts;
}

TEST(Space, ReadsEveryKindOfRange) {
  const SearchSpace space = parse_space(conditional_texts());
  const auto& d = space.dimensions;
  ASSERT_EQ(d.size(), 11u);
  EXPECT_EQ(d[0].name, "lr");
  EXPECT_TRUE(d[0].kind == DimensionKind::real && d[0].log);
  EXPECT_EQ(d[0].low, 0.0001);
  EXPECT_EQ(d[0].high, 1);
  EXPECT_TRUE(d[1].kind == DimensionKind::integer && d[1].log);
  EXPECT_TRUE(d[2].kind == DimensionKind::integer && !d[2].log);
  EXPECT_EQ(d[2].low, -1);
  EXPECT_TRUE(d[3].kind == DimensionKind::real && !d[3].log);
  EXPECT_EQ(d[3].high, 2e20);
  EXPECT_EQ(d[4].choices, (std::vector<nlohmann::json>{"sgd", "sgd:momentum=0.9", "adam"}));
  EXPECT_EQ(d[5].choices, (std::vector<nlohmann::json>{32, 64, 128}));
  EXPECT_TRUE(d[5].choices[0].is_number_integer());
  EXPECT_TRUE(d[6].choices[1].is_number_float());
  ASSERT_TRUE(d[7].condition);
  EXPECT_EQ(d[7].condition->parent, 4u);
  EXPECT_EQ(d[7].condition->choices, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(d[10].condition->choices, (std::vector<std::size_t>{0, 2}));
  EXPECT_FALSE(d[5].condition);
}

TEST(Space, ChoicesAreNumbersOnlyIfAllAre) {
  EXPECT_EQ(parse_space(Texts{"a=choice:1|two"}).dimensions[0].choices, (std::vector<nlohmann::json>{"1", "two"}));
  EXPECT_EQ(parse_space(Texts{"a=choice:1|nan"}).dimensions[0].choices, (std::vector<nlohmann::json>{"1", "nan"}));
  EXPECT_EQ(parse_space(Texts{"a=choice:128|256,128"}).dimensions[0].choices[0], "128");
  EXPECT_EQ(parse_space(Texts{"a=choice:1e3|2"}).dimensions[0].choices, (std::vector<nlohmann::json>{1000.0, 2}));
}

TEST(Space, TextIsReadAsTheSame) {
  const SearchSpace space = parse_space(conditional_texts());
  for (std::size_t i = 0; i < space.dimensions.size(); ++i) EXPECT_EQ(text(space, i), conditional_texts()[i]);
  // However it was written.
  const SearchSpace other = parse_space(Texts{"a_b=choice:1.50|1e2", "c=int:1e2:3e2:if:a-b=100|1.5", "d=0.10:1e0"});
  EXPECT_EQ(text(other, 0), "a_b=choice:1.5|100.0");
  EXPECT_EQ(text(other, 1), "c=int:100:300:if:a_b=1.5|100.0");
  EXPECT_EQ(text(other, 2), "d=0.1:1");
}

struct Refusal {
  Texts texts;
  std::string says;
};

class Refused : public ::testing::TestWithParam<Refusal> {};

TEST_P(Refused, BeginsWithTheRangeAndSaysWhy) {
  const Texts& texts = GetParam().texts;
  EXPECT_THAT(error_of([&] { parse_space(texts); }),
              AllOf(StartsWith("range '" + texts.back() + "': "), HasSubstr(GetParam().says)));
}

INSTANTIATE_TEST_SUITE_P(
    Space, Refused,
    ::testing::Values(
        Refusal{{"=0:1"}, "no name"}, Refusal{{"lr"}, "no range"}, Refusal{{"lr="}, "no range"},
        Refusal{{"lr=0.1"}, "no range"}, Refusal{{"lr=0:1:2"}, "no range"},
        Refusal{{"lr=0:1", "lr=0:2"}, "the name lr is there twice"},
        Refusal{{"train_limit=1:2", "train-limit=1:3"}, "the name train_limit is there twice"},
        Refusal{{"lr=low:1"}, "'low' is no finite number"}, Refusal{{"lr=0:"}, "'' is no finite number"},
        Refusal{{"lr=0:inf"}, "'inf' is no finite number"}, Refusal{{"lr=nan:1"}, "'nan' is no finite number"},
        Refusal{{"lr=0:1e999"}, "'1e999' is no finite number"}, Refusal{{"lr=0:1x"}, "'1x' is no finite number"},
        Refusal{{"lr= 0:1"}, "' 0' is no finite number"}, Refusal{{"n=int:0:1.5"}, "1.5 is no whole number"},
        Refusal{{"n=int:0:1e17"}, "1e17 is no whole number from"},
        Refusal{{"n=int:0:4503599627370497"}, "no whole number from -2^52 to 2^52"}, Refusal{{"lr=1:1"}, "no width"},
        Refusal{{"lr=2:1"}, "reversed"}, Refusal{{"lr=log:0:1"}, "above 0, and 0 does not"},
        Refusal{{"n=int:log:-1:1"}, "above 0, and -1 does not"}, Refusal{{"lr=choice:a"}, "one choice"},
        Refusal{{"lr=choice:"}, "one choice"}, Refusal{{"lr=choice:a|b|a"}, "the choice 'a' is there twice"},
        Refusal{{"lr=choice:1|1.0"}, "the choice '1.0' is there twice"},
        Refusal{{"m=0:1:if:rule=sgd"}, "'rule', which is no choice that was given before; there is none"},
        Refusal{{"rule=choice:sgd|adam", "m=0:1:if:rul=sgd"}, "did you mean rule?"},
        Refusal{{"rule=0:1", "m=0:1:if:rule=1"}, "'rule', which is no choice"},
        Refusal{{"m=0:1:if:m=1"}, "'m', which is no choice that was given before"},
        Refusal{{"rule=choice:sgd|adam", "m=0:1:if:rule=sgb"}, "did you mean sgd?"},
        Refusal{{"b=choice:1|2", "m=0:1:if:b=x"}, "'x', which is no choice of b"},
        Refusal{{"b=choice:1|2", "m=0:1:if:b=1|1.0"}, "a value twice"},
        Refusal{{"b=choice:1|2", "m=0:1:if:b"}, "a condition is :if:PARENT=VALUE"}));

TEST(Space, ErrorsAreHarmlessToATerminal) {
  const std::string error = error_of([] { parse_space(Texts{"a\x1b[2J=choice:\x1b|\x1b"}); });
  EXPECT_THAT(error, AllOf(Not(HasSubstr("\x1b")), HasSubstr("\\x1b")));
}

TEST(Space, ADimensionCountsIfItsParentDoesAndHasOneOfItsValues) {
  const SearchSpace space = parse_space(conditional_texts());
  Point point(11);
  point[4] = 0;  // sgd
  point[8] = 0;  // nesterov=no
  EXPECT_TRUE(space.counts(0, point));
  EXPECT_TRUE(space.counts(7, point) && space.counts(8, point) && space.counts(9, point));
  point[8] = 1;
  EXPECT_FALSE(space.counts(9, point));
  point[4] = 1;
  EXPECT_TRUE(space.counts(7, point));
  EXPECT_FALSE(space.counts(8, point));
  point[8] = 0;  // has the value, but does not count itself
  EXPECT_FALSE(space.counts(9, point));
  point[4] = {};
  EXPECT_FALSE(space.counts(7, point));
}

TEST(Space, PointsAreParametersAndBack) {
  const SearchSpace space = parse_space(conditional_texts());
  const auto parameters = R"({"lr": 0.01, "width": 64, "depth": -1, "offset": 1, "rule": "sgd", "batch": 64,
                              "warmup": 0.5, "momentum": 0.9, "nesterov": "no", "dampening": 0.25})"_json;
  const Point point = space.point(parameters);
  EXPECT_EQ(point, (Point{0.01, 64, -1, 1, 0, 1, 1, 0.9, 0, 0.25, {}}));
  EXPECT_EQ(space.parameters(point), parameters);
  EXPECT_TRUE(space.parameters(point)["width"].is_number_integer());
  const auto others = R"({"lr": 1, "width": 8, "depth": 4, "offset": 2e20, "rule": "adam", "batch": 128,
                          "warmup": 1, "accumulate": 4})"_json;
  EXPECT_EQ(space.point(others), (Point{1, 8, 4, 2e20, 2, 2, 2, {}, {}, {}, 4}));
  EXPECT_EQ(space.parameters(space.point(others)), others);
}

TEST(Space, ParametersOutsideTheSpaceAreNamed) {
  const SearchSpace space = parse_space(Texts{"lr=0:1", "n=int:1:9", "rule=choice:sgd|adam", "m=0:1:if:rule=sgd"});
  const auto error = [&](const char* json) { return error_of([&] { space.point(nlohmann::json::parse(json)); }); };
  EXPECT_THAT(error("[]"), HasSubstr("no object"));
  EXPECT_THAT(error(R"({"lr": 0, "rule": "adam"})"), HasSubstr("parameter n is missing"));
  EXPECT_THAT(error(R"({"lr": 0, "n": 1, "rule": "sgd"})"), HasSubstr("parameter m is missing"));
  EXPECT_THAT(error(R"({"lr": 0, "n": 1, "rule": "adam", "m": 0})"), HasSubstr("parameter m is given, though"));
  EXPECT_THAT(error(R"({"lr": 0, "n": 1, "rule": "adam", "rulw": 0})"),
              HasSubstr("unknown parameter 'rulw'; did you mean rule?"));
  EXPECT_THAT(error(R"({"lr": 1.5, "n": 1, "rule": "adam"})"),
              HasSubstr("lr = 1.5 is not allowed: a number from 0 to 1"));
  EXPECT_THAT(error(R"({"lr": "0", "n": 1, "rule": "adam"})"), HasSubstr("lr = \"0\" is not allowed"));
  EXPECT_THAT(error(R"({"lr": 0, "n": 1.5, "rule": "adam"})"),
              HasSubstr("n = 1.5 is not allowed: a whole number from 1 to 9"));
  EXPECT_THAT(error(R"({"lr": 0, "n": 10, "rule": "adam"})"), HasSubstr("n = 10"));
  EXPECT_THAT(error(R"({"lr": 0, "n": 1, "rule": "lion"})"),
              HasSubstr("rule = \"lion\" is not allowed: one of \"sgd\", \"adam\""));
  EXPECT_THAT(error(R"({"lr": 0, "n": 1, "rule": 0})"), HasSubstr("rule = 0"));
}

}  // namespace
}  // namespace thalweg::lab
