// Descriptions as text and as JSON: what is written is read again, in any order, and what is wrong is told with its
// place.
#include "engine/samples.h"
#include "error_of.h"

#include <thalweg/description.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/rmsprop.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Both forms give the description again, and themselves.
void expect_round_trip(const Description& description) {
  const std::string text = description.text(), json = to_json(description);
  SCOPED_TRACE(text);
  for (const Description& read : {parse_description(text), description_from_json(json)}) {
    EXPECT_EQ(read.text(), text);
    EXPECT_EQ(to_json(read), json);
    EXPECT_EQ(read.options, description.options);
    EXPECT_EQ(read.groups, description.groups);
    EXPECT_EQ(read.settings.first_values, description.settings.first_values);
    EXPECT_EQ(read.settings.check, description.settings.check);
  }
}

const std::vector<Clip> kClips = {
    {}, {ClipBy::value, 0.5}, {ClipBy::norm, 1}, {ClipBy::norm, 2.5, 1e-6}, {ClipBy::global_norm, 1e-300, 0.1}};
const std::vector<Average> kAverages = {{},
                                        {.kind = AverageKind::ema},
                                        {.kind = AverageKind::ema, .decay = 0.999, .bias_correction = true},
                                        {AverageKind::ema, 1, false, 3, 2, 10},
                                        {.kind = AverageKind::mean},
                                        {.kind = AverageKind::mean, .start = 7, .every = 5}};
const std::vector<Accumulation> kAccumulations = {{}, {4, true}, {2, false}, {1, false}};
const std::vector<std::string> kSchedules = {"constant",
                                             "cosine:steps=1000,floor=0.1,warmup=50",
                                             "cosine",
                                             "linear:start=0.1,end=1,steps=100,then=step:every=30,gamma=0.5",
                                             "multi_step:milestones=30/60/90,interval=epoch",
                                             "plateau:factor=0.5,patience=2,mode=max,warmup=3,warmup_from=0.1"};

std::vector<Settings> every_loss_scale(const Settings& settings) {
  std::vector<Settings> result(4, settings);
  result[1].loss_scale = 1024;
  result[2].loss_scale = 65536;
  result[2].dynamic_loss_scale.on = true;
  result[3].dynamic_loss_scale = {.on = true, .growth = 1.5, .backoff = 0.25, .interval = 100};
  for (std::size_t i = 2; i < 4; ++i) result[i].check = Check::guard;
  return result;
}

std::vector<std::vector<GroupDescription>> every_group_list() {
  return {
      {},
      {{.pattern = "*.bias", .rule = "", .lr_scale = 2}},
      {{.pattern = "a b=c,d:e?", .rule = "", .options = {{"lr", 0.125}}, .lr_scale = 0}, {.pattern = "*", .rule = ""}},
      {{.pattern = "norm.?", .rule = "rmsprop", .options = {{"centered", 1}, {"alpha", 0.5}}},
       {.pattern = "\u00fc*", .rule = "sgd", .options = {{"lr", 3}, {"nesterov", 0}}, .lr_scale = 0.1},
       {.pattern = "*", .rule = "adamw"}}};
}

/// A choice at random, of everything that may be around the rule.
Description any_around(const Options& options, std::mt19937& random) {
  const auto one_of = [&](const auto& list) { return list[random() % list.size()]; };
  Settings settings;
  settings.clip = one_of(kClips);
  settings.average = one_of(kAverages);
  settings.check = static_cast<Check>(random() % 3);
  settings.accumulation = one_of(kAccumulations);
  settings.step_count = static_cast<StepCount>(random() % 3);
  if (random() % 2 == 0) {
    double value = 0.25;
    for (const ColumnInfo& column : options.rule().columns) settings.first_values.emplace(column.name, value *= -3.3);
  }
  Description result(options, one_of(every_loss_scale(settings)));
  if (random() % 4 != 0) result.schedule = parse_schedule(one_of(kSchedules));
  result.groups = one_of(every_group_list());
  return result;
}

/// Its parts, of which only the groups keep their order.
std::string shuffled(const std::string& text, std::mt19937& random) {
  std::vector<std::string> parts, groups;
  for (std::size_t at = text.find(' '); at != std::string::npos;) {
    std::size_t next = text.find(' ', at + 1);
    if (text.compare(at, 9, " group[a ") == 0) next = text.find(' ', next + 1);  // a pattern with a space
    (text.compare(at, 7, " group[") == 0 ? groups : parts).push_back(text.substr(at, next - at));
    at = next;
  }
  std::ranges::shuffle(parts, random);
  for (std::size_t i = groups.size(); i-- > 0;) {
    // Each somewhere in front of the one behind it.
    const auto behind = i + 1 == groups.size() ? parts.end() : std::ranges::find(parts, groups[i + 1]);
    const std::ptrdiff_t room = behind - parts.begin();
    parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(random() % static_cast<std::size_t>(room + 1)), groups[i]);
  }
  std::string result = text.substr(0, text.find(' '));
  for (const std::string& part : parts) result += (random() % 2 == 0 ? "" : "  ") + part;
  return result + (random() % 2 == 0 ? "" : " ");
}

TEST(Description, IsReadAgainWithEveryRuleAndEverythingAroundIt) {
  std::mt19937 random(1);
  for (const Sample& sample : samples()) {
    for (const Options& options : pairwise_option_sets(sample)) {
      expect_round_trip(options);
      for (int i = 0; i < 30; ++i) {
        const Description description = any_around(options, random);
        expect_round_trip(description);
        const std::string text = description.text(), other = shuffled(text, random);
        EXPECT_EQ(parse_description(other).text(), text) << other;
      }
    }
  }
}

TEST(Description, OneThingAroundARuleAtATime) {
  const Options options = Adam{.lr = 0.5};
  for (const Clip& clip : kClips) expect_round_trip({options, {.clip = clip}});
  for (const Average& average : kAverages) expect_round_trip({options, {.average = average}});
  for (const Accumulation& accumulation : kAccumulations) expect_round_trip({options, {.accumulation = accumulation}});
  for (const Settings& settings : every_loss_scale({})) expect_round_trip({options, settings});
  for (const std::string& schedule : kSchedules) expect_round_trip({options, {}, parse_schedule(schedule)});
  for (const auto& groups : every_group_list()) expect_round_trip({options, {}, {}, groups});
}

TEST(Description, TheExamplesMeanWhatTheySay) {
  const Description short_form = parse_description("rmsprop:lr=1e-3,alpha=0.9");
  EXPECT_EQ(short_form.options, Options(RMSprop{.lr = 1e-3, .alpha = 0.9}));
  EXPECT_EQ(short_form.options, parse_options("rmsprop:lr=1e-3,alpha=0.9"));
  EXPECT_EQ(to_json(short_form), to_json(Description(RMSprop{.lr = 1e-3, .alpha = 0.9})));

  const Description around =
      parse_description("adamw:lr=1e-3 clip=global_norm:1 schedule=cosine:warmup=500 average=ema:0.999");
  EXPECT_EQ(around.settings.clip, (Clip{ClipBy::global_norm, 1}));
  EXPECT_EQ(around.settings.average, (Average{.kind = AverageKind::ema, .decay = 0.999}));
  ASSERT_TRUE(around.schedule);
  EXPECT_EQ(around.schedule->text(), "cosine:warmup=500");

  const Description grouped = parse_description(
      "adamw:lr=1e-3,weight_decay=0.1 group[*.bias]=weight_decay=0,lr_scale=2 group[embedding.*]=adagrad:lr=0.01");
  const std::vector<GroupDescription> groups = {
      {.pattern = "*.bias", .rule = "", .options = {{"weight_decay", 0}}, .lr_scale = 2},
      {.pattern = "embedding.*", .rule = "adagrad", .options = {{"lr", 0.01}}}};
  EXPECT_EQ(grouped.groups, groups);
  EXPECT_EQ(grouped.options_of(groups[0]).text(), "adamw:lr=0.002,weight_decay=0") << "with the rate in force";
  EXPECT_EQ(grouped.options_of(groups[1]).text(), parse_options("adagrad:lr=0.01").text());
}

TEST(Description, OptionsAloneAreReadWithNothingBehindThem) {
  EXPECT_THAT(error_of([] { parse_options("adam:lr=1 clip=norm:1"); }), HasSubstr("at 10: ' clip=norm:1'"));
  for (const char* text : {"adam ", "adam:lr=1 ", "adam check=off", "adam:lr=1 group[*]=lr=1"}) {
    EXPECT_THAT(error_of([&] { parse_options(text); }), HasSubstr("is not expected here")) << text;
  }
}

struct Refused {
  const char* text;
  const char* at;       ///< what stands where the error says that it is
  const char* message;  ///< part of it
};

TEST(Description, OfWrongTextTheErrorSaysWhereItIs) {
  const std::vector<Refused> all = {
      {"", "", "unknown rule ''"},
      {" adam", " adam", "unknown rule ''"},
      {"adm:lr=1", "adm", "did you mean adam"},
      {"adam:lr", "lr", "'lr' is not of the form option=value"},
      {"adam:lr=1,", "", "'' is not of the form option=value"},
      {"adam:", "", "'' is not of the form option=value"},
      {"adam:lr=", "lr", "lr = '' is not a number; allowed is [0, ∞)"},
      {"adam:lr=nan", "lr", "lr = nan is not a number"},
      {"adam:lr=inf", "lr", "lr = inf is outside [0, ∞)"},
      {"adam:lr=-1", "lr", "lr = -1 is outside [0, ∞)"},
      {"adam:lr=1e999", "lr", "too large"},
      {"adam:lr=1,lr=2", "lr=2", "lr is given twice"},
      {"adam:momentum=1", "momentum", "adam: unknown option 'momentum'"},
      {"adam:bata1=0.5", "bata1", "did you mean beta1"},
      {"adam clp=norm:1", "clp", "unknown key 'clp'; did you mean clip?"},
      {"adam clip", "clip", "not of the form key=value"},
      {"adam clip=", "", "clip = '' is unknown"},
      {"adam clip=norn:1", "norn", "clip = 'norn' is unknown; did you mean norm"},
      {"adam clip=norm:", "", "limit = '' is no number"},
      {"adam clip=norm:inf", "inf", "limit = inf is outside"},
      {"adam clip=norm:1,epz=1", "epz", "unknown option 'epz'; did you mean eps?"},
      {"adam clip=norm:1,limit=2", "limit", "limit is given twice"},
      {"adam clip=norm:1 check=off clip=norm:1", "clip=norm:1", "clip is given twice"},
      {"adam clip=norm:1;eps=1", "1;eps=1", "unknown option '1;eps'"},
      {"adam average=emma:0.9", "emma", "did you mean ema"},
      {"adam average=ema:0.9,evry=2", "evry", "did you mean every"},
      {"adam average=ema:0.9,every=1.5", "every", "every = '1.5' is no whole number"},
      {"adam average=ema:0.9,bias_correction=yes", "bias_correction", "not true or false"},
      {"adam check=gard", "gard", "did you mean guard"},
      {"adam check=guard,off", "guard,off", "is unknown"},
      {"adam accumulation=x", "x", "calls = 'x' is no whole number"},
      {"adam accumulation=2,maen=true", "maen", "did you mean mean"},
      {"adam loss_scale=nan", "nan", "loss_scale = nan is outside"},
      {"adam loss_scale=dynamik", "dynamik", "loss_scale = 'dynamik' is no number"},
      {"adam check=guard loss_scale=dynamic:grwth=2", "grwth", "did you mean growth"},
      {"adam schedule=kosine", "kosine", "did you mean cosine"},
      {"adam schedule=cosine:stps=1", "stps", "did you mean steps"},
      {"adam step_count=per_raw", "per_raw", "did you mean per_row"},
      {"adam first_values=m", "m", "not of the form"},
      {"adam first_values=m=x", "m=x", "the first value = 'x' is no number"},
      {"adam first_values=m=inf", "m=inf", "the first value = inf is outside"},
      {"adam first_values=m=1,m=2", "m=2", "m is given twice"},
      {"adam group=lr=1", "group", "a group needs a pattern"},
      {"adam group[a=lr=1", "group", "a group is written group[PATTERN]"},
      {"adam group[a]lr=1", "group", "a group is written group[PATTERN]"},
      {"adam group[a]=", "", "unknown rule ''"},
      {"adam group[a]=lr=x", "lr", "lr = 'x' is not a number"},
      {"adam group[a]=lr=1,lr=2", "lr=2", "lr is given twice"},
      {"adam group[a]=lr_scale=-1", "lr_scale", "lr_scale = -1 is outside [0, ∞)"},
      {"adam group[a]=lr_scale=nan", "lr_scale", "lr_scale = nan is outside"},
      {"adam group[a]=momentum=1", "momentum", "adam: unknown option 'momentum'"},
      {"adam group[a]=sgd:beta1=1", "beta1", "sgd: unknown option 'beta1'"},
      {"adam group[a]=sdg:lr=1", "sdg", "did you mean sgd"},
      {"adam loss_scale=0", "0", "loss_scale = 0 is outside (0, ∞)"},
      {"adam clip=norm:0", "0", "limit = 0 is outside (0, ∞)"},
      {"adam clip=none:5", "none", "clip=none has no options"},
      {"adam accumulation=0", "0", "calls = 0 is outside [1, 2147483647]"},
      {"adam average=ema:1.5", "1.5", "decay = 1.5 is outside [0, 1]"},
      {"adam check=guard loss_scale=dynamic:interval=0", "interval", "interval = 0 is outside [1, 2147483647]"},
      {"adam groop[a]=lr=1", "groop", "unknown key 'groop'; did you mean group?"},
  };
  for (const Refused& each : all) {
    const std::string text = each.text, part = each.at;
    const std::string message = error_of([&] { parse_description(text); });
    const std::size_t place = part.empty() ? text.size() : text.rfind(part);
    const std::string at = "', at " + std::to_string((part == " adam" ? 0 : place) + 1) + ": ";
    EXPECT_THAT(message, AllOf(StartsWith("optimizer '"), HasSubstr(at), HasSubstr(each.message))) << text;
  }
}

TEST(Description, OfWhatDoesNotGoTogetherTheErrorNamesTheText) {
  const std::vector<std::pair<const char*, const char*>> all = {
      {"adam group[]=lr=1", "group[]: the pattern is empty"},
      {"adam group[a]=lr=1 group[a]=lr=2", "group[a] is there twice"},
      {"adam:lr=1e300 group[a]=lr_scale=1e300", "group[a]: adam: lr = inf is outside"},
      {"adam first_values=n=1", "adam has no column \"n\"; known: m, v, x"},
      {"adam loss_scale=dynamic", "a dynamic loss scale needs check guard"},
      {"adam average=ema:1,bias_correction=true", "decay = 1 with bias correction"},
  };
  for (const auto& [text, part] : all) {
    const std::string message = error_of([&, text = text] { parse_description(text); });
    EXPECT_THAT(message, AllOf(StartsWith("optimizer '" + std::string(text) + "': "), HasSubstr(part)));
  }
}

TEST(Description, OfOtherNumbersAndNamesThanTextCanHaveIsChecked) {
  Description description(Adam{}, {}, {}, {{.pattern = "\xff", .rule = ""}});
  EXPECT_THAT(error_of([&] { check(description); }), HasSubstr("group[\\xff]: the pattern is not UTF-8"));
  description.groups.clear();
  description.settings.first_values["m"] = std::numeric_limits<double>::infinity();
  EXPECT_THAT(error_of([&] { check(description); }), HasSubstr("first_values: m = inf is outside"));
}

TEST(Description, WrongJsonIsRefusedByKey) {
  const std::vector<std::pair<const char*, const char*>> all = {
      {R"([])", "description"},
      {R"({)", "description"},
      {R"({"options": {}})", "\"rule\" is missing"},
      {R"({"rule": 1})", "description: rule"},
      {R"({"rule": "adm"})", "did you mean adam"},
      {R"({"rule": "adam", "rule": "sgd"})", "rule"},
      {R"({"version": 2, "rule": "adam"})", "version 2 is newer than what this thalweg reads: 1"},
      {R"({"version": 0, "rule": "adam"})", "version 0 is older"},
      {R"({"version": 1.5, "rule": "adam"})", "version"},
      {R"({"rule": "adam", "clp": {}})", "unknown key 'clp'; did you mean clip?"},
      {R"({"rule": "adam", "options": []})", "description: options"},
      {R"({"rule": "adam", "options": {"lr": "1"}})", "options: lr"},
      {R"({"rule": "adam", "options": {"lr": -1}})", "lr = -1 is outside [0, ∞)"},
      {R"({"rule": "adam", "options": {"lr": null}})", "options: lr"},
      {R"({"rule": "adam", "options": {"momentum": 1}})", "unknown option 'momentum'"},
      {R"({"rule": "rmsprop", "options": {"centered": 1}})", "options: centered"},
      {R"({"rule": "adam", "clip": 1})", "description: clip"},
      {R"({"rule": "adam", "clip": {"by": "nrm"}})", "did you mean norm"},
      {R"({"rule": "adam", "clip": {"by": "norm", "limt": 1}})", "clip: unknown key 'limt'; did you mean limit?"},
      {R"({"rule": "adam", "clip": {"by": "norm", "limit": -1}})", "limit"},
      {R"({"rule": "adam", "average": {"kind": "ema", "decay": true}})", "average: decay"},
      {R"({"rule": "adam", "average": {"kind": "ema", "evry": 1}})", "did you mean every"},
      {R"({"rule": "adam", "check": true})", "description: check"},
      {R"({"rule": "adam", "check": "gard"})", "did you mean guard"},
      {R"({"rule": "adam", "accumulation": {"calls": 1.5}})", "accumulation: calls"},
      {R"({"rule": "adam", "loss_scale": "dynamic"})", "loss_scale"},
      {R"({"rule": "adam", "dynamic_loss_scale": {"on": true}})", "needs check guard"},
      {R"({"rule": "adam", "dynamic_loss_scale": {"onn": true}})", "unknown key 'onn'"},
      {R"({"rule": "adam", "step_count": 1})", "step_count"},
      {R"({"rule": "adam", "first_values": {"m": "x"}})", "first_values: m"},
      {R"({"rule": "adam", "schedule": "cosine"})", "schedule"},
      {R"({"rule": "adam", "schedule": {"kind": "kosine"}})", "did you mean cosine"},
      {R"({"rule": "adam", "schedule": {"kind": "cosine", "stps": 1}})", "did you mean steps"},
      {R"({"rule": "adam", "groups": {}})", "description: groups"},
      {R"({"rule": "adam", "groups": [1]})", "description: groups"},
      {R"({"rule": "adam", "groups": [{}]})", "\"pattern\" is missing"},
      {R"({"rule": "adam", "groups": [{"pattern": ""}]})", "the pattern is empty"},
      {R"({"rule": "adam", "groups": [{"pattern": "a"}, {"pattern": "a"}]})", "group[a] is there twice"},
      {R"({"rule": "adam", "groups": [{"pattern": "a", "rul": "sgd"}]})", "group[a]: unknown key 'rul'"},
      {R"({"rule": "adam", "groups": [{"pattern": "a", "rule": "sdg"}]})", "group[a]: "},
      {R"({"rule": "adam", "groups": [{"pattern": "a", "rule": "sdg", "options": {"lr": 1}}]})", "group[a]: "},
      {R"({"rule": "adam", "groups": [{"pattern": "a", "options": {"momentum": 1}}]})",
       "group[a]: adam: unknown option"},
      {R"({"rule": "adam", "groups": [{"pattern": "a", "options": {"lr": true}}]})", "group[a]: lr"},
      {R"({"rule": "adam", "groups": [{"pattern": "a", "lr_scale": -1}]})", "group[a]: lr_scale = -1"},
      {R"({"rule": "adam", "groups": [{"pattern": "a", "lr_scale": "2"}]})", "group[a]: lr_scale"},
  };
  for (const auto& [json, part] : all) {
    const std::string message = error_of([&, json = json] { (void)description_from_json(json); });
    EXPECT_THAT(message, AllOf(StartsWith("description: "), HasSubstr(part))) << json;
  }
}

TEST(Description, LongTextsAndControlCharactersAreShownShortAndEscaped) {
  constexpr std::size_t kMega = 1 << 20;
  const std::string many(kMega, 'x');
  std::string columns = "adam first_values=", groups = "adam", spaces = "adam" + std::string(kMega, ' ') + "x";
  for (int i = 0; columns.size() < kMega; ++i) columns += (i == 0 ? "" : ",") + std::to_string(i) + "=1";
  for (int i = 0; groups.size() < kMega; ++i) groups += " group[" + std::to_string(i) + "]=lr=1";
  EXPECT_GT(parse_description(groups).groups.size(), 50'000u);
  for (const std::string& text :
       {many, "adam:" + many, "adam:lr=" + many, "adam " + many, "adam clip=" + many, "adam group[" + many,
        "adam group[" + many + "]=x", spaces, columns, columns + ",0=1", groups + " group[0]=lr=1",
        "adam:" + std::string(kMega, ','), "adam schedule=" + many}) {
    EXPECT_LT(error_of([&] { parse_description(text); }).size(), 5000u) << text.substr(0, 30);
  }
  for (const char* text : {"a\x1b[2J", "adam:l\nr=1", "adam:lr=\x7f", "adam c\tlip=1", "adam clip=\x9b\x1b",
                           "adam group[\x1b]=lr=x", "adam group[\x1b]=lr=1 group[\x1b]=lr=1", "adam check=\r"}) {
    const std::string message = error_of([&] { parse_description(text); });
    EXPECT_TRUE(std::ranges::none_of(message, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; })) << message;
  }
}

TEST(Description, PatternsFitWholeNames) {
  for (const char* pattern : {"a.bias", "*", "*.bias", "a*", "?.bias", "*a*.*s*", "a.????", "**a.b**ias"}) {
    EXPECT_TRUE(fits_pattern(pattern, "a.bias")) << pattern;
  }
  for (const char* pattern : {"", "a.bia", ".bias", "*.bia", "?", "a.?????", "*b", "A.bias", "b*"}) {
    EXPECT_FALSE(fits_pattern(pattern, "a.bias")) << pattern;
  }
  EXPECT_TRUE(fits_pattern("", ""));
  // Characters are those of UTF-8, and a backslash takes the next one as it is.
  EXPECT_TRUE(fits_pattern("a?c", "a\u00e9c"));
  EXPECT_TRUE(fits_pattern("?", "\u20ac"));
  EXPECT_FALSE(fits_pattern("??", "\u20ac"));
  EXPECT_TRUE(fits_pattern(R"(a\*\?\]\\)", R"(a*?]\)"));
  EXPECT_FALSE(fits_pattern(R"(a\*)", "ab"));
  EXPECT_FALSE(fits_pattern(R"(a\?)", "ab"));
  for (const char* name : {"a*", "?", "w[0]", R"(\)", R"(a\*b)", "\u00e9"}) {
    const std::string pattern = exact_pattern(name);
    EXPECT_TRUE(fits_pattern(pattern, name)) << name;
    EXPECT_FALSE(fits_pattern(pattern, std::string(name) + "b")) << name;
    EXPECT_EQ(parse_description("adam group[" + pattern + "]=lr=1").groups[0].pattern, pattern);
  }
  EXPECT_TRUE(fits_pattern("*", ""));
  EXPECT_FALSE(fits_pattern("?", ""));
  EXPECT_TRUE(fits_pattern("a*aab", "aaaaab"));
}

}  // namespace
}  // namespace thalweg::tests
