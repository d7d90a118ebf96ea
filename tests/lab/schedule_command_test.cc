// Tests of `thalweg schedule`: its list, tables, JSON and page, and what it says of mistakes.
#include "command.h"
#include "idx_files.h"
#include "output/blocks.h"
#include "redirected.h"
#include "schedule/curve.h"
#include "schedule/kinds.h"

#include <thalweg/schedule.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

namespace thalweg::lab {
namespace {

using test::Ended;
using test::TemporaryFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ScheduleCommand : public testing::Test {
 protected:
  Ended run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "schedule");
    return test::run_command(folder_.path(), std::move(arguments));
  }

  /// What it prints where all is well.
  std::string output(const std::vector<std::string>& arguments) const {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 0) << ended.errors;
    EXPECT_EQ(ended.errors, "");
    return ended.output;
  }
  nlohmann::json json(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    return nlohmann::json::parse(output(arguments));
  }

  /// A usage error: one line on stderr that holds all of these, nothing on stdout.
  void fails(const std::vector<std::string>& arguments, const std::vector<std::string>& texts, int code = 2) const {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, code) << testing::PrintToString(arguments);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.errors, StartsWith("thalweg: "));
    EXPECT_EQ(std::ranges::count(ended.errors, '\n'), 1) << ended.errors;
    for (const std::string& text : texts) EXPECT_THAT(ended.errors, HasSubstr(text));
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  TemporaryFolder folder_;
};

/// The rates of a table's rows, by step. Only of one schedule.
std::map<std::int64_t, double> table_of(const std::string& text) {
  std::map<std::int64_t, double> rates;
  bool in_table = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("─")) {
      in_table = true;
    } else if (in_table) {
      std::erase(line, ',');
      std::istringstream cells(line);
      std::int64_t step = 0;
      double rate = 0;
      if (cells >> step >> rate) rates[step] = rate;
    }
  }
  return rates;
}

std::size_t times(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST_F(ScheduleCommand, ListsAllKindsAndOptions) {
  const std::string text = output({});
  const nlohmann::json all = json({});
  const std::vector<ScheduleInfo> kinds = schedules();
  ASSERT_EQ(all.at("kinds").size(), kinds.size());
  ASSERT_EQ(kind_words().size(), kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    EXPECT_EQ(kind_words()[i].name, kinds[i].name);
    EXPECT_FALSE(kind_words()[i].torch.empty() && kind_words()[i].keras.empty());
    const nlohmann::json& kind = all.at("kinds")[i];
    EXPECT_EQ(kind.at("name"), kinds[i].name);
    EXPECT_THAT(text, HasSubstr(fmt::format("{}: {}\n", kinds[i].name, kind_words()[i].meaning)));
    ASSERT_EQ(kind.at("options").size(), kinds[i].options.size());
    for (std::size_t k = 0; k < kinds[i].options.size(); ++k) {
      const ScheduleInfo::Option& option = kinds[i].options[k];
      EXPECT_EQ(kind.at("options")[k].at("name"), option.name);
      EXPECT_EQ(kind.at("options")[k].at("default"), option.default_value);
      const std::string value = option.default_value.empty() ? "" : "=" + option.default_value;
      EXPECT_THAT(text, HasSubstr(std::string(option.name) + value));
      EXPECT_THAT(text, HasSubstr(option.allowed));
    }
  }
  EXPECT_THAT(text, Not(HasSubstr("inf")));
}

TEST_F(ScheduleCommand, ListsEveryOptionThatTheParserKnows) {
  std::map<std::string, std::string> examples{{"warmup", "warmup=5"},         {"warmup_from", "warmup_from=0.5"},
                                              {"interval", "interval=epoch"}, {"length", "length=9,then=constant"},
                                              {"then", "length=9,then=step"}, {"warmup_kind", "warmup_kind=linear"}};
  const std::string text = output({});
  for (const SharedOption& option : shared_options()) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(option.name)));
    ASSERT_TRUE(examples.contains(std::string(option.name))) << option.name;
    EXPECT_NO_THROW(parse_schedule("exponential:" + examples.extract(std::string(option.name)).mapped()));
  }
  EXPECT_TRUE(examples.empty());
}

TEST_F(ScheduleCommand, FitsTheTerminal) {
  for (const unsigned short columns : {40, 80, 120}) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"schedule"},
          {"schedule", "cosine:warmup=500,steps=10000"},
          {"schedule", "cosine:steps=10", "exponential:gamma=0.99,every=2,staircase=true", "step", "--lr", "0.003"}}) {
      const Ended shown = test::run_on_terminal(columns, arguments);
      EXPECT_EQ(shown.code, 0);
      EXPECT_THAT(shown.output, Not(HasSubstr("\x1b")));
      std::istringstream lines(shown.output);
      for (std::string line; std::getline(lines, line);) {
        const auto wide =
            std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
        // A schedule is one word: it is not broken.
        if (line.find("staircase=true") != std::string::npos) continue;
        EXPECT_LE(wide, columns) << line;
      }
    }
  }
}

TEST_F(ScheduleCommand, ShowsRatesAtTellingSteps) {
  const std::string text = output({"cosine:warmup=500,steps=10000", "--lr", "0.5"});
  EXPECT_THAT(text, StartsWith("cosine:steps=10000,warmup=500\n11,000 steps: rate 0.001 at first, 0.5 at its highest "
                               "(step 500), 0 at last\n"));
  EXPECT_THAT(text, AllOf(HasSubstr("warm-up ends"), HasSubstr("cosine ends"), HasSubstr("█")));
  const std::map<std::int64_t, double> rates = table_of(text);
  EXPECT_GE(rates.size(), 10u);
  EXPECT_LE(rates.size(), 25u);
  for (const std::int64_t step : {1, 500, 10001, 11000}) EXPECT_TRUE(rates.contains(step)) << step;
  const Schedule schedule = parse_schedule("cosine:warmup=500,steps=10000");
  for (const auto& [step, rate] : rates) EXPECT_NEAR(rate, 0.5 * schedule.factor(step), 1e-6) << step;
}

TEST_F(ScheduleCommand, NamesWhatHappensWhereItHappens) {
  const auto says = [&](const std::vector<std::string>& arguments, std::int64_t step, const std::string& what) {
    std::istringstream lines(output(arguments));
    for (std::string line; std::getline(lines, line);) {
      std::erase(line, ',');
      std::int64_t its = 0;
      if (std::istringstream(line) >> its && its == step && line.ends_with(what)) return;
    }
    ADD_FAILURE() << testing::PrintToString(arguments) << " does not say '" << what << "' at step " << step;
  };
  says({"multi_step:milestones=30/60"}, 31, "milestone 30");
  says({"multi_step:milestones=3/6,interval=epoch", "--steps-per-epoch", "100"}, 301, "milestone 3");
  says({"linear:start=0.1,end=1,steps=100,then=step:every=300"}, 100, "linear ends");
  says({"linear:start=0.1,end=1,steps=100,then=step:every=300"}, 101, "step begins");
  says({"linear:start=0.1,end=1,steps=100,then=step:every=300"}, 401, "factor × 0.1");
  says({"cosine_restarts:period=10,t_mult=2"}, 31, "restart");
  says({"cosine_restarts:period=10,warmup=5"}, 16, "restart");
  says({"cyclic:up=10,down=20"}, 11, "top");
  says({"cyclic:up=10,down=20"}, 31, "bottom");
  says({"one_cycle:steps=100"}, 30, "top");
  says({"one_cycle:steps=100"}, 100, "one_cycle ends");
  says({"piecewise_constant:boundaries=10/20,values=1/0.5/0.1"}, 12, "behind boundary 10");
  says({"constant:factor=0.5,steps=7"}, 8, "constant ends");
  says({"plateau:patience=0,factor=0.5", "--metrics", "3,4", "--steps-per-epoch", "10"}, 21, "reduced");
}

TEST_F(ScheduleCommand, JsonHasEveryRateOfAShortRun) {
  const nlohmann::json short_run = json({"step:every=3,gamma=0.5", "--steps", "8", "--lr", "2"});
  EXPECT_EQ(short_run.at("schedule"), "step:every=3,gamma=0.5");
  EXPECT_EQ(short_run.at("lr"), 2);
  EXPECT_THAT(short_run.at("steps"), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(short_run.at("rates"), ElementsAre(2, 2, 2, 1, 1, 1, 0.5, 0.5));
  const nlohmann::json long_run = json({"cosine", "--steps", "1000000"});
  const std::vector<std::int64_t> steps = long_run.at("steps");
  ASSERT_EQ(steps.size(), 1000u);
  EXPECT_EQ(steps.front(), 1);
  EXPECT_EQ(steps.back(), 1'000'000);
  EXPECT_TRUE(std::ranges::is_sorted(steps));
  const Schedule cosine = parse_schedule("cosine").within({1, 1'000'000});
  for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(long_run.at("rates")[i], cosine.factor(steps[i]));
  const nlohmann::json epochs = json({"step:every=2,interval=epoch", "--steps-per-epoch", "2", "--steps", "6"});
  EXPECT_THAT(epochs.at("rates"), ElementsAre(1, 1, 1, 1, 0.1, 0.1));
}

TEST_F(ScheduleCommand, PutsSchedulesSideBySide) {
  const std::vector<std::string> both{"cosine", "linear:steps=50", "--steps", "100"};
  const nlohmann::json all = json(both);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].at("schedule"), "linear:steps=50");
  EXPECT_EQ(all[1].at("rates")[50], 0);
  EXPECT_EQ(all[0].at("steps"), all[1].at("steps"));
  EXPECT_THAT(output(both), AllOf(HasSubstr("factor 1"), HasSubstr("factor 2"), HasSubstr("2: linear ends")));
  // Without --steps as many as the longest shows.
  EXPECT_EQ(json({"cosine:steps=10", "cosine:steps=100"})[0].at("steps").size(), 110u);
}

TEST_F(ScheduleCommand, ShowsMoreThanTheScheduleHas) {
  const auto steps = [&](const std::vector<std::string>& arguments) { return json(arguments).at("steps").back(); };
  EXPECT_EQ(steps({"cosine:steps=100"}), 110);
  EXPECT_EQ(steps({"multi_step:milestones=30/60"}), 66);
  EXPECT_EQ(steps({"multi_step:milestones=30/60,interval=epoch", "--steps-per-epoch", "10"}), 660);
  EXPECT_EQ(steps({"constant:warmup=500"}), 550);
  EXPECT_EQ(steps({"step:every=5"}), 30);
  EXPECT_EQ(steps({"linear:steps=100,then=cosine:steps=100"}), 220);
  EXPECT_EQ(steps({"constant"}), 10);
  EXPECT_EQ(steps({"plateau", "--metrics", "1,2,3", "--steps-per-epoch", "10"}), 40);
  EXPECT_EQ(steps({"cosine:steps=100", "--steps", "7"}), 7);
}

TEST_F(ScheduleCommand, FollowsAMetric) {
  const std::vector<std::string> arguments{"plateau:patience=1,factor=0.5", "--metrics", "0.9,0.8,0.8,0.8,nan,0.1",
                                           "--steps-per-epoch", "2"};
  EXPECT_THAT(json(arguments).at("rates"), ElementsAre(1, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5));
  // The flag takes one value: what follows is a schedule.
  EXPECT_EQ(json({"--metrics", "1,1,1", "plateau:patience=0,factor=0.5"}).at("rates").back(), 0.25);
}

TEST_F(ScheduleCommand, NumbersMayBeOutOfRange) {
  const std::string text = output({"exponential:gamma=10", "--steps", "1000"});
  EXPECT_THAT(text, HasSubstr("∞"));
  EXPECT_TRUE(json({"exponential:gamma=10", "--steps", "1000"}).at("rates").back().is_null());
  EXPECT_EQ(run({"exponential:gamma=10", "--steps", "1000", "-o", path("x.html")}).code, 0);
  EXPECT_EQ(run({"step:every=1e-300", "cyclic:up=1e-9", "cosine_restarts:period=0.001"}).code, 0);
  EXPECT_EQ(run({"step", "--steps", "1000000000000"}).code, 0);
  EXPECT_EQ(run({"step", "--steps", "1"}).code, 0);
}

TEST_F(ScheduleCommand, NamesMistakes) {
  fails({"cosin:steps=3"}, {"schedule 'cosin:steps=3', at 1", "unknown schedule 'cosin'", "did you mean cosine"});
  fails({"cosine:stesp=3"}, {"at 8", "unknown option 'stesp'", "steps"});
  fails({"cosine:steps=3", "linear:steps=x"}, {"at 8", "steps = 'x' is no number"});
  fails({"cosine:steps=-1"}, {"steps = -1 is outside [0, ∞)"});
  fails({""}, {"unknown schedule ''"});
  fails({"cosine"}, {"'cosine' is as long as the run", "--steps"});
  fails({"step", "linear:steps=10,then=cosine"}, {"'linear:steps=10,then=cosine' is as long", "--steps"});
  fails({"linear:steps=10,then=cosine", "--steps", "5"}, {"leaves nothing"});
  fails({"cosine:warmup=10", "--steps", "10"}, {"warmup = 10 leaves nothing"});
  fails({"plateau"}, {"'plateau' follows a metric", "depend on the run", "--metrics"});
  fails({"cosine:steps=10", "--metrics", "1,2"}, {"--metrics", "plateau"});
  fails({"plateau", "--metrics", "1,x"}, {"--metrics: 'x' is not a number"});
  fails({"cosine", "--steps", "0"}, {"--steps: 0 is outside [1, 1000000000000]"});
  fails({"cosine", "--steps", "1e4"}, {"--steps: '1e4' is not a whole number"});
  fails({"cosine", "--steps", "1000000000001"}, {"--steps", "outside"});
  fails({"step", "--steps-per-epoch", "0"}, {"--steps-per-epoch: 0 is outside"});
  fails({"step", "--lr", "-1"}, {"--lr: -1 is outside [0, ∞)"});
  fails({"step", "--lr", "nan"}, {"--lr: nan"});
  fails({"constant:steps=1e300"}, {"1.1e+300 steps"});
  fails({"--lr", "1"}, {"--lr needs a SCHEDULE"});
  fails({"-o", path("x.html")}, {"--output needs a SCHEDULE"});
  fails(std::vector<std::string>(11, "step"), {"11 schedules; at most 10"});
  fails({"step", "-o", path("study.sqlite")}, {"study.sqlite"});
  fails({"step", "-o", "/proc/nowhere/x.html"}, {"/proc/nowhere"}, 1);
  EXPECT_FALSE(std::filesystem::exists(path("x.html")));
}

/// The page's JSON block.
nlohmann::json data_of(const std::string& html) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = html.find(open) + open.size();
  return nlohmann::json::parse(html.substr(begin, html.find("</script>", begin) - begin));
}

/// Are all elements closed in the order in which they were opened?
testing::AssertionResult is_well_formed(const std::string& html) {
  const std::vector<std::string> empty_elements{"meta", "link", "line", "br"};
  std::vector<std::string> open;
  for (std::size_t at = 0; (at = html.find('<', at)) != std::string::npos;) {
    const std::size_t end = html.find('>', at);
    std::string tag = html.substr(at + 1, end - at - 1);
    at = end;
    if (tag.starts_with('!')) continue;
    const bool closes = tag.starts_with('/');
    const std::string name = tag.substr(closes, tag.find_first_of(" /", closes) - closes);
    if (std::ranges::find(empty_elements, name) != empty_elements.end()) continue;
    if (!closes) {
      open.push_back(name);
      // Scripts and styles are text.
      if (name == "script" || name == "style") at = html.find("</" + name, at);
    } else if (open.empty() || open.back() != name) {
      return testing::AssertionFailure() << "</" << name << "> closes " << (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  if (!open.empty()) return testing::AssertionFailure() << "<" << open.back() << "> is not closed";
  return testing::AssertionSuccess();
}

TEST_F(ScheduleCommand, DrawsAPage) {
  const std::string file = path("deep/one.html");
  EXPECT_THAT(output({"linear:start=0.1,end=1,steps=100,then=step:every=3000", "--lr", "0.01", "-o", file}),
              HasSubstr("\nPage: " + file + "\n"));
  const std::string html = test::contents(file);
  EXPECT_THAT(html, StartsWith("<!DOCTYPE html>"));
  EXPECT_TRUE(is_well_formed(html));
  const std::string page = html.substr(0, html.find("<script"));
  for (const char* reference : {"http://", "https://", "src=", "url(", "@import", "<link rel=\"stylesheet\""}) {
    EXPECT_EQ(times(page, reference), 0u) << reference;
  }
  EXPECT_THAT(page, AllOf(HasSubstr("linear:start=0.1,end=1,steps=100,then=step:every=3000"), HasSubstr("step begins"),
                          HasSubstr("default-src 'none'")));
  const nlohmann::json chart = data_of(html).at(0).at("charts").at(0);
  EXPECT_EQ(chart.at("xLabel"), "step");
  const Schedule schedule = parse_schedule("linear:start=0.1,end=1,steps=100,then=step:every=3000");
  std::map<std::int64_t, double> drawn;
  for (const nlohmann::json& point : chart.at("series").at(0).at("points")) {
    const std::int64_t step = point.at(0);
    drawn[step] = point.at(2);
    EXPECT_NEAR(drawn[step], 0.01 * schedule.factor(step), 1e-8) << step;
  }
  EXPECT_GT(drawn.size(), 500u);
  // Both sides of every jump, so that it is upright.
  for (const std::int64_t step : {1, 100, 101, 3100, 3101, 6100, 6101, 18100})
    EXPECT_TRUE(drawn.contains(step)) << step;
  std::vector<std::int64_t> rings;
  for (const nlohmann::json& point : chart.at("series").at(1).at("points")) rings.push_back(point.at(0));
  EXPECT_THAT(rings, testing::IsSupersetOf({100, 101, 3101}));
}

TEST_F(ScheduleCommand, APageIsReplacedWhole) {
  const std::string file = path("page.html");
  output({"cosine:steps=10", "-o", file});
  output({"cosine:steps=10", "linear:steps=10", "one_cycle:steps=100,warmup=5", "-o", file});
  const std::string html = test::contents(file);
  EXPECT_TRUE(is_well_formed(html));
  const nlohmann::json data = data_of(html).at(0);
  ASSERT_EQ(data.at("groups").size(), 3u);
  EXPECT_EQ(data.at("groups")[2].at("name"), "one_cycle:steps=100,warmup=5");
  // All at the same steps: the readout has every line.
  const nlohmann::json& series = data.at("charts").at(0).at("series");
  ASSERT_EQ(series.size(), 6u);
  EXPECT_EQ(series[0].at("points").size(), series[2].at("points").size());
  // With --json, nothing but JSON is printed.
  EXPECT_EQ(json({"cosine:steps=10", "-o", file}).at("schedule"), "cosine:steps=10");
}

TEST(Curve, FindsJumpsThatAreNoMarks) {
  const Curve curve(parse_schedule("exponential:gamma=0.5,interval=epoch"),
                    {.steps = 1'000'000, .steps_per_epoch = 123'456});
  const std::vector<std::int64_t> steps = curve.drawn_steps();
  for (std::int64_t epoch = 1; epoch <= 5; ++epoch) {
    EXPECT_TRUE(std::ranges::binary_search(steps, epoch * 123'456)) << epoch;
    EXPECT_TRUE(std::ranges::binary_search(steps, epoch * 123'456 + 1)) << epoch;
  }
}

TEST(Curve, DrawsShortPartsOfLongRuns) {
  const Curve curve(parse_schedule("cosine:steps=1000000,warmup=100,warmup_kind=exponential,warmup_from=0.001"),
                    {.steps = 1'000'000});
  const std::vector<std::int64_t> steps = curve.drawn_steps();
  EXPECT_GT(std::ranges::count_if(steps, [](std::int64_t step) { return step <= 100; }), 50);
}

TEST(Blocks, AreColumns) {
  EXPECT_THAT(blocks({0, 0.5, 1, 2, -1, std::nan("")}, 0, 1, 1), ElementsAre("▁▄██▁ "));
  EXPECT_THAT(blocks({0.25, 0.75}, 0, 1, 2), ElementsAre(" ▄", "▄█"));
  EXPECT_THAT(blocks({3, 3}, 3, 3, 1), ElementsAre("██"));
}

}  // namespace
}  // namespace thalweg::lab
