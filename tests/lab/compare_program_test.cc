// Tests of thalweg compare with commands of one's own: verdicts of known values, tuning, test values, ends, words.
#include "tune_command.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <map>

namespace thalweg::lab {
namespace {

using test::Ended;
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Of optimizer $1 with rate $2 and seed $3: its accuracy is the best with the rate 0.01, which the first line does not
/// tell.
constexpr const char* kKnown = R"(awk -v o="$1" -v lr="$2" -v s="$3" 'BEGIN {
  best = o == "adam" ? 0.9 : o == "rmsprop" ? 0.8 : 0.7
  factor = o == "adam" ? 3 : o == "rmsprop" ? 5 : 2
  off = (log(lr) - log(0.01)) / log(10)
  value = best + 0.001 * ((s * factor) % 7) - 0.05 * off * off
  printf "{\"epoch\": 1, \"accuracy\": %.6f}\n{\"epoch\": 2, \"accuracy\": %.6f}\n", 1 - value, value
}')";

/// The mean of the formula above with the best rate over the seeds 1 to 8.
double known_mean(double best, int factor) {
  double sum = 0;
  for (int seed = 1; seed <= 8; ++seed) sum += best + 0.001 * (seed * factor % 7);
  return sum / 8;
}

class CompareProgram : public test::TuneCommandTest {
 protected:
  /// `thalweg compare` of a shell script, which gets these arguments, into the folder of this name.
  Words compare(const std::string& out, const Words& more, const std::string& script,
                const Words& arguments = {"{optimizer}", "{lr}", "{seed}"}) const {
    std::ofstream(path("script.sh")) << "echo call >> " << path("calls") << '\n' << script << '\n';
    Words words{"compare"};
    words.insert(words.end(), more.begin(), more.end());
    for (const std::string& word : {std::string("--jobs"), std::string("1"), std::string("--out"), path(out),
                                    std::string("--"), std::string("sh"), path("script.sh")}) {
      words.push_back(word);
    }
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }

  /// How often the script was run.
  std::ptrdiff_t calls() const { return std::ranges::count(test::contents(path("calls")), '\n'); }

  static nlohmann::json json_of(const Ended& ended) {
    EXPECT_EQ(ended.code, 0) << ended.errors;
    return ended.code == 0 ? nlohmann::json::parse(ended.output) : nlohmann::json::object();
  }
  static nlohmann::json of(const nlohmann::json& result, const std::string& name) {
    for (const nlohmann::json& optimizer : result.at("optimizers"))
      if (optimizer.at("name") == name) return optimizer;
    return {};
  }
};

const std::vector<std::string> kThree{"rmsprop", "adam", "sgd", "--metric", "accuracy", "--maximize"};

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_F(CompareProgram, FindsTheWinnerOfKnownValues) {
  const Words flags = with(kThree, {"--tune-lr", "1e-3,1e-2,1e-1", "--json", "--report", path("page.html")});
  const nlohmann::json result = json_of(run(compare("study", flags, kKnown)));
  EXPECT_EQ(result.at("verdict").at("winner"), "adam") << result.at("verdict");
  EXPECT_EQ(result.at("metric"), "accuracy");
  EXPECT_EQ(result.at("task"), "scored_program");
  for (const auto& [name, best, factor] :
       {std::tuple("adam", 0.9, 3), std::tuple("rmsprop", 0.8, 5), std::tuple("sgd", 0.7, 2)}) {
    EXPECT_NEAR(of(result, name).at("mean").get<double>(), known_mean(best, factor), 2e-6) << name;
    EXPECT_EQ(of(result, name).at("lr"), 0.01) << name;
    EXPECT_EQ(of(result, name).at("test").size(), 8U) << name;
  }
  EXPECT_EQ(calls(), 3 * 3 + 3 * 8);

  // Of what only a training has, nothing is told.
  const std::string page = test::contents(path("page.html"));
  const std::size_t begin = page.find("<body");
  const std::string body = page.substr(begin, page.find("<script", begin) - begin);
  EXPECT_THAT(body, AllOf(HasSubstr("Final accuracy"), HasSubstr("Accuracy against learning rate"),
                          HasSubstr("a command of one’s own"), HasSubstr("script.sh adam 0.01 &#39;{seed}&#39;")));
  for (const char* const unknown : {"batch", "fashion", "mlp", "test accuracy", "alidation accuracy", "examples/s",
                                    "2 epochs", "first weights", "initial weights", "test_accuracy"}) {
    EXPECT_THAT(body, Not(HasSubstr(unknown)));
  }
  ASSERT_EQ(run({"report", path("study"), "-o", path("again.html"), "--csv", path("csv")}).code, 0);
  const std::string trials = test::contents(path("csv/trials.csv"));
  EXPECT_THAT(trials, HasSubstr("script.sh adam 0.01 '{seed}',0.01,final,1,finished"));
  EXPECT_THAT(run({"runs", "list", path("study")}).output, HasSubstr("script.sh {optimizer}"));
}

TEST_F(CompareProgram, TheDefaultGridGrowsToTheOptimum) {
  // The best rate, 10, lies two steps above the grid's end.
  const std::string script =
      R"(awk -v lr="$2" 'BEGIN { x = log(lr) / log(10) - 1; printf "{\"loss\": %.9f}\n", x * x }')";
  const nlohmann::json result = json_of(run(compare("study", {"one", "--seeds", "1", "--json"}, script)));
  EXPECT_EQ(of(result, "one").at("lr"), 10);
  EXPECT_EQ(calls(), 9 + 2 + 1);
}

TEST_F(CompareProgram, QuickIsThreeRatesAndTwoSeeds) {
  const nlohmann::json result =
      json_of(run(compare("study", {"adam", "--quick", "--metric", "accuracy", "--maximize", "--json"}, kKnown)));
  EXPECT_EQ(of(result, "adam").at("lr"), 0.01);
  EXPECT_EQ(calls(), 3 + 2);
}

TEST_F(CompareProgram, TestValuesDecideAndTuningDoesNotSeeThem) {
  // By the metric adam is the best, at 0.01; by its test value rmsprop, and every rate but 0.01 looks better.
  const std::string script = std::string(kKnown) + R"(
awk -v o="$1" -v lr="$2" -v s="$3" 'BEGIN {
  printf "{\"test_accuracy\": 0}\n{\"test_accuracy\": %.6f}\n", (o == "rmsprop") / 2 + (lr != 0.01) / 4 + (s * length(o)) % 5 / 1000
}')";
  const Words flags = with(kThree, {"--tune-lr", "1e-3,1e-2,1e-1", "--json"});
  const nlohmann::json result = json_of(run(compare("study", flags, script)));
  EXPECT_EQ(result.at("metric"), "test_accuracy");
  EXPECT_EQ(result.at("verdict").at("winner"), "rmsprop") << result.at("verdict");
  EXPECT_THAT(result.at("verdict").at("detail").get<std::string>(), HasSubstr("mean test_accuracy"));
  for (const char* const name : {"adam", "rmsprop", "sgd"}) EXPECT_EQ(of(result, name).at("lr"), 0.01);
  // Seeds 1 to 8 times the length 4 of adam, modulo 5: 4 3 2 1 0 4 3 2.
  EXPECT_NEAR(of(result, "adam").at("mean").get<double>(), 19.0 / 8 / 1000, 2e-6);
}

TEST_F(CompareProgram, TestValuesOfSomeRunsAloneDecideNothing) {
  const std::string script = std::string(kKnown) + "\n[ $3 = 5 ] || echo '{\"test_accuracy\": 0.5}'";
  const Words words = compare("study", with(kThree, {"--tune-lr", "1e-3,1e-2,1e-1"}), script);
  const Ended told = run(words);
  EXPECT_THAT(told.output, HasSubstr("Only 21 of 24 runs told test_accuracy: all are compared by accuracy."));
  const nlohmann::json result =
      json_of(run(compare("study", with(kThree, {"--tune-lr", "1e-3,1e-2,1e-1", "--json"}), script)));
  EXPECT_EQ(result.at("metric"), "accuracy");
  EXPECT_NEAR(of(result, "adam").at("mean").get<double>(), known_mean(0.9, 3), 2e-6);
}

TEST_F(CompareProgram, TakesMoreSeedsAndOptimizersAndIsNoOtherStudy) {
  const Words grid{"--metric", "accuracy", "--maximize", "--tune-lr", "1e-2"};
  const auto study = [&](const Words& more) { return compare("study", with(more, grid), kKnown); };
  ASSERT_EQ(run(study({"adam", "sgd", "--seeds", "2"})).code, 0);
  EXPECT_EQ(calls(), 2 + 4);
  ASSERT_EQ(run(study({"adam", "sgd", "--seeds", "2", "--trial-timeout", "50"})).code, 0);
  EXPECT_EQ(calls(), 2 + 4) << "all is kept";
  EXPECT_EQ(load("study").config.at("program").at("timeout"), 50);
  ASSERT_EQ(run(study({"adam", "sgd", "rmsprop", "--seeds", "8"})).code, 0);
  EXPECT_EQ(calls(), 3 + 3 * 8) << "what is new, and nothing again";
  EXPECT_EQ(runs("study", TrialStatus::finished), 3 + 3 * 8);

  const auto refused = [&](const Words& words, const std::string& why) {
    const Ended ended = run(words);
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.errors, HasSubstr(why));
  };
  refused(study({"adam", "sgd", "--seeds", "8"}), "not fewer");
  refused(study({"adam", "sgd", "rmsprop", "--seeds", "7"}), "seeds 1 to 8, now 1 to 7");
  refused(compare("study", with({"adam", "sgd", "rmsprop"}, grid), kKnown, {"{optimizer}", "{lr}", "{seed}", "more"}),
          "holds another comparison (program.command");
  refused(compare("study", {"adam", "sgd", "rmsprop", "--metric", "other", "--maximize", "--tune-lr", "1e-2"}, kKnown),
          "program.metric: \"accuracy\", now \"other\"");
  refused({"compare", "adam", "sgd", "rmsprop", "--out", path("study"), "--data", "idx:" + path("data")},
          "holds another comparison");
  EXPECT_EQ(calls(), 3 + 3 * 8);
}

TEST_F(CompareProgram, GoesOnAfterFailedTrialsAndKills) {
  // Seed 2 fails at first; seed 3 kills the process that runs it, once.
  const std::string script =
      "if [ $3 = 2 ] && ! [ -e " + path("go") + " ]; then echo broken >&2; exit 3; fi\n" +
      "if [ $3 = 3 ] && ! [ -e $4/once ]; then touch $4/once; kill -KILL $PPID; sleep 1000; fi\n" + kKnown;
  const Words words = compare("study", {"adam", "--seeds", "4", "--tune-lr", "1e-2", "--metric", "accuracy"}, script,
                              {"{optimizer}", "{lr}", "{seed}", "{folder}"});
  const Ended first = run(words);
  EXPECT_EQ(first.code, 1);
  EXPECT_THAT(first.errors, AllOf(HasSubstr("(adam, lr 0.01, seed 2) failed: sh ended with exit code 3: broken"),
                                  HasSubstr("another worker goes on with it"), HasSubstr("some trials failed")));
  EXPECT_EQ(runs("study", TrialStatus::finished), 4);
  const std::ptrdiff_t before = calls();
  std::ofstream(path("go")).flush();
  EXPECT_EQ(run(words).code, 0);
  EXPECT_EQ(calls(), before + 1) << "the failed one alone";
  EXPECT_EQ(runs("study", TrialStatus::finished), 5);
  EXPECT_FALSE(std::filesystem::exists(path("study/trials")));
}

TEST_F(CompareProgram, EveryEndIsAnOutcomeOfItsTrial) {
  const std::string script = R"(case $1 in
good) echo '{"cost": 1}'; echo '{"cost": 2}';;
nan) echo '{"cost": 1}'; echo '{"cost": NaN}';;
test) echo '{"cost": 1, "test_cost": null}';;
silent) echo '{"loss": 1}';;
code) echo '{"cost": 0}'; printf '\033[31m<b>words</b>' >&2; exit 3;;
flood) head -c 9000000 /dev/zero; echo; head -c 9000000 /dev/zero >&2; echo '{"cost": 7}';;
esac)";
  const Words flags{"good",    "nan", "test",     "silent", "code",     "flood",
                    "--seeds", "1",   "--metric", "cost",   "--report", path("page.html")};
  const Ended ended = run(compare("study", flags, script, {"{optimizer}"}));
  EXPECT_EQ(ended.code, 1);
  std::map<std::string, std::string> said;
  for (const TrialData& trial : load("study").trials) {
    said[trial.optimizer] =
        trial.result ? fmt::format("{}: {}", to_string(trial.result->outcome), trial.result->reason) : trial.error;
  }
  EXPECT_EQ(said.at("good"), "completed: the command has ended");
  EXPECT_EQ(said.at("nan"), "diverged: cost is nan");
  EXPECT_EQ(said.at("test"), "diverged: test_cost is nan");
  EXPECT_THAT(said.at("silent"), HasSubstr("told no cost"));
  EXPECT_THAT(said.at("code"), HasSubstr("ended with exit code 3"));
  EXPECT_EQ(said.at("flood"), "completed: the command has ended");
  for (const std::string& text : {ended.output, ended.errors, test::contents(path("page.html"))}) {
    EXPECT_THAT(text, Not(HasSubstr("\033")));
  }
  EXPECT_THAT(test::contents(path("page.html")), AllOf(HasSubstr("&lt;b&gt;words"), Not(HasSubstr("<b>words"))));

  const Ended hanging =
      run(compare("hang", {"hang", "--seeds", "1", "--trial-timeout", "1"}, "sleep 1000", {"{optimizer}"}));
  EXPECT_EQ(hanging.code, 1);
  EXPECT_THAT(hanging.errors, HasSubstr("sh ran longer than 1 s (--trial-timeout) and was ended"));
}

TEST_F(CompareProgram, HostileNamesAreTextEverywhere) {
  const std::string script = R"(echo "{\"<i>m</i>\": $2.5}")";
  const std::string html = "<script>alert(1)</script>", escape = "\033[31mred\007", tilde = "~1/~0\"'$(touch x)`";
  const Words flags{html, escape, tilde, "--seeds", "8", "--metric", "<i>m</i>", "--report", path("page.html")};
  const Words words = compare("study", flags, script, {"{optimizer}", "{seed}"});
  const Ended ended = run(words);
  ASSERT_EQ(ended.code, 0) << ended.errors;
  const std::string page = test::contents(path("page.html"));
  EXPECT_THAT(page, AllOf(Not(HasSubstr(html)), Not(HasSubstr("<i>m")), Not(HasSubstr("\033"))));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)"));
  for (const std::string& text : {ended.output, ended.errors}) EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_EQ(run({"report", path("study"), "-o", path("again.html"), "--csv", path("csv")}).code, 0);
  const nlohmann::json result =
      json_of(run(compare("study", with(flags, {"--json"}), script, {"{optimizer}", "{seed}"})));
  EXPECT_EQ(of(result, tilde).at("mean"), 5);  // of 1.5 to 8.5
  EXPECT_FALSE(std::filesystem::exists(path("x")));
}

TEST_F(CompareProgram, WordsBehindTheDashesAreTheCommandsOwn) {
  const Words own{"{optimizer}", "{seed}", "--lr", "--seeds", "--", "[a,b]", "", "{{x}}", "é \"q\"", "rmsprop"};
  const std::string script =
      R"(for word; do printf '%s\n' "$word" >> )" + path("words") + "; done\necho '{\"loss\": 1}'";
  const Words words = compare("study", {"sgd:lr=1", "--seeds", "1"}, script, own);
  ASSERT_EQ(run(words).code, 0);
  const std::string got = "sgd:lr=1\n1\n--lr\n--seeds\n--\n[a,b]\n\n{x}\né \"q\"\nrmsprop\n";
  EXPECT_EQ(test::contents(path("words")), got);
  const StudyData study = load("study");
  ASSERT_EQ(study.trials.size(), 1U);
  EXPECT_EQ(study.trials[0].optimizer, "sgd:lr=1");

  // The command that was kept does the same: it goes on with the study, of which nothing is to do.
  const std::string folder = std::filesystem::path(THALWEG_COMMAND).parent_path();
  EXPECT_EQ(
      std::system(fmt::format("export PATH='{}':$PATH; {} > {} 2>&1", folder, study.command, path("log")).c_str()), 0)
      << test::contents(path("log"));
  EXPECT_THAT(test::contents(path("log")), HasSubstr("1 finished trials are kept"));
  EXPECT_EQ(calls(), 1);

  // So does a file of its flags.
  Words printing = words;
  printing.insert(printing.begin() + 1, "--print-config");
  const Ended printed = run(printing);
  ASSERT_EQ(printed.code, 0) << printed.errors;
  std::ofstream(path("study.toml")) << printed.output;
  const Ended again = run({"compare", "--config", path("study.toml")});
  EXPECT_EQ(again.code, 0) << again.errors;
  EXPECT_THAT(again.errors, HasSubstr("1 finished trials are kept"));
  EXPECT_EQ(calls(), 1);
}

TEST_F(CompareProgram, WithoutARateNothingIsTuned) {
  const std::string script =
      R"(awk -v o="$1" -v s="$2" 'BEGIN { printf "{\"loss\": %f}\n", length(o) + s % 3 / 100 }')";
  const Words flags{"a", "bbb", "--report", path("page.html")};
  const Ended ended = run(compare("study", flags, script, {"{optimizer}", "{seed}"}));
  ASSERT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.errors, HasSubstr("{lr} is in no word of the command: nothing is tuned"));
  EXPECT_EQ(calls(), 16);
  EXPECT_THAT(ended.output, AllOf(HasSubstr("No winner is named"), HasSubstr("{lr} is in no word of the command"),
                                  Not(HasSubstr("lr 0"))));
  EXPECT_THAT(test::contents(path("page.html")), Not(HasSubstr("not chosen yet")));
  const nlohmann::json result =
      json_of(run(compare("study", with(flags, {"--json"}), script, {"{optimizer}", "{seed}"})));
  EXPECT_TRUE(of(result, "a").at("lr").is_null());
  // Less is better: seeds 1 to 8 modulo 3 sum up to 1 + 2 + 0 + 1 + 2 + 0 + 1 + 2 = 9.
  EXPECT_NEAR(of(result, "a").at("mean").get<double>(), 1 + 0.09 / 8, 2e-6);
  EXPECT_NEAR(result.at("pairs").at(0).at("difference").get<double>(), -2, 1e-9);
}

TEST_F(CompareProgram, OneCompetitorIsCalledAsTheCommand) {
  const std::string script = R"(echo "{\"loss\": $1}")";
  const nlohmann::json result = json_of(run(compare("study", {"--json"}, script, {"{seed}"})));
  ASSERT_EQ(result.at("optimizers").size(), 1U);
  EXPECT_EQ(of(result, "sh").at("mean"), 4.5);
  const nlohmann::json one = json_of(
      run(compare("one", {"--seeds", "1", "--json", "--report", path("page.html")}, "echo '{\"loss\": 2}'", {})));
  EXPECT_EQ(of(one, "sh").at("test").at("1"), 2);
  EXPECT_THAT(test::contents(path("page.html")), Not(HasSubstr("batch")));
}

TEST_F(CompareProgram, SeedsThatWouldTellAreInTheResult) {
  const std::string script =
      R"(awk -v o="$1" -v s="$2" 'BEGIN { printf "{\"loss\": %f}\n", o == "a" ? 0 : (s % 2 ? 1.2 : -1) + s / 100 }')";
  const nlohmann::json result = json_of(run(compare("study", {"a", "b", "--json"}, script, {"{optimizer}", "{seed}"})));
  const nlohmann::json& seeds = result.at("pairs").at(0).at("seeds_to_tell");
  ASSERT_TRUE(seeds.is_number()) << result.at("pairs");
  EXPECT_THAT(result.at("verdict").at("detail").get<std::string>(),
              HasSubstr(fmt::format("about {} seeds would tell", seeds.get<int>())));
  const nlohmann::json told = json_of(run(compare("told", with(kThree, {"--tune-lr", "1e-2", "--json"}), kKnown)));
  for (const nlohmann::json& pair : told.at("pairs")) EXPECT_TRUE(pair.at("seeds_to_tell").is_null());
}

TEST_F(CompareProgram, RefusesWhatMeansNothing) {
  const auto refused = [&](const Words& flags, const Words& arguments, const std::string& why) {
    const Ended ended = run(compare("study", flags, "echo '{\"loss\": 1}'", arguments));
    EXPECT_EQ(ended.code, 2) << why;
    EXPECT_THAT(ended.errors, HasSubstr(why));
  };
  const Words all{"{optimizer}", "{lr}", "{seed}"};
  refused({}, all, "OPTIMIZER is required, in front of --");
  refused({"a", "b"}, {"{seed}"}, "optimizer is in no word of the command");
  refused({"a"}, {"{optimizer}"}, "seed is in no word of the command: its 8 seeds would change nothing");
  refused({"a", "--seeds", "1", "--tune-seeds", "2"}, {"{optimizer}", "{lr}"}, "its 2 seeds would change nothing");
  refused({"a", "--tune-lr", "1"}, {"{optimizer}", "{seed}"}, "--tune-lr: {lr} is in no word");
  refused({"a", "--no-tune-lr"}, all, "--no-tune-lr: the command's {lr} has no value");
  refused({"a", "a"}, all, "optimizer 'a' is given twice");
  refused({"a", ""}, all, "an optimizer's text is empty");
  refused({"a", "--metric", ""}, all, "--metric: no name");
  refused({"a"}, {"{optimizer}", "{lr}", "{seed}", "{sed}"}, "{sed} has no value; did you mean seed?");
  refused({"a", "--model", "cnn"}, all, "--model is of a training");
  refused({"a", "--epochs", "3"}, all, "--epochs is of a training");
  refused({"a", "--tune-epochs", "3"}, all, "--tune-epochs");
  EXPECT_FALSE(std::filesystem::exists(path("study")));
  EXPECT_EQ(calls(), 0);
  for (const Words& flag : {Words{"--metric", "cost"}, Words{"--maximize"}, Words{"--trial-timeout", "3"}}) {
    const Ended ended = run(with({"compare", "adam"}, flag));
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.errors, HasSubstr(flag[0] + " is for a command of one's own, behind --"));
  }
}

// Who fails where others do badly must not win for it, and no look is taken before all has ended.
TEST_F(CompareProgram, AFailedFinalRunIsReservedUntilItIsTrainedAgain) {
  const std::string script = std::string(kKnown) + R"(
if [ "$1$3" = adam9 ] && [ ! -e )" +
                             path("mended") + R"( ]; then exit 5; fi)";
  const Words flags = with(kThree, {"--tune-lr", "1e-3,1e-2,1e-1", "--seeds", "9", "--json"});
  const Ended failed = run(compare("study", flags, script));
  EXPECT_EQ(failed.code, 1);
  const nlohmann::json first = nlohmann::json::parse(failed.output);
  EXPECT_TRUE(first.at("verdict").at("winner").is_null()) << first.at("verdict");
  EXPECT_EQ(first.at("verdict").at("finished"), false);
  EXPECT_THAT(first.at("verdict").at("reserve").get<std::string>(),
              HasSubstr("26 of 27 final trials are done (1 failed"));

  std::ofstream(path("mended")) << "now";
  const nlohmann::json second = json_of(run(compare("study", flags, script)));
  EXPECT_EQ(second.at("verdict").at("winner"), "adam") << second.at("verdict");
  EXPECT_EQ(second.at("verdict").at("finished"), true);
}

TEST_F(CompareProgram, EpochsMayBeginAtZero) {
  const std::string script = R"(for e in 0 1 2; do echo "{\"epoch\": $e, \"loss\": 0.$e}"; done)";
  EXPECT_EQ(of(json_of(run(compare("zero", {"a", "--seeds", "1", "--json"}, script, {"{optimizer}"}))), "a")
                .at("test")
                .at("1"),
            0.2);
  ASSERT_EQ(run({"report", path("zero"), "-o", path("zero.html"), "--csv", path("zero.csv")}).code, 0);
  EXPECT_THAT(test::contents(path("zero.csv/epochs.csv")), AllOf(HasSubstr(",final,1,1,"), HasSubstr(",final,1,3,")));
  const std::string back = R"(for e in 0 1 1; do echo "{\"epoch\": $e, \"loss\": 0.$e}"; done)";
  EXPECT_THAT(run(compare("back", {"a", "--seeds", "1"}, back, {"{optimizer}"})).errors,
              HasSubstr("told epoch 1 after 1; they must rise"));
}

TEST_F(CompareProgram, APrintedConfigurationIsTheSameStudy) {
  const Words flags = with(kThree, {"--tune-lr", "1e-3,1e-2", "--seeds", "2"});
  Words print = compare("study", with(flags, {"--print-config"}), kKnown);
  std::ofstream(path("study.toml")) << run(print).output;
  json_of(run(compare("study", with(flags, {"--json"}), kKnown)));
  const std::ptrdiff_t before = calls();
  EXPECT_EQ(json_of(run({"compare", "--config", path("study.toml"), "--json", "--jobs", "1"})).at("optimizers").size(),
            3U);
  EXPECT_EQ(calls(), before) << "nothing is run twice";
}

TEST_F(CompareProgram, RefusesBeforeAnythingIsRun) {
  const auto refused = [&](const Words& words) {
    const Ended ended = run(words);
    EXPECT_EQ(ended.code, 2) << ended.errors;
    return ended.errors;
  };
  EXPECT_THAT(refused(compare("no", {"a", "--seeds", "1", "--trial-timeout", "nan"}, "true", {"{optimizer}"})),
              HasSubstr("--trial-timeout: nan is outside [0, ∞)"));
  EXPECT_THAT(refused(compare("no", {"a", "--seeds", "1", "--report", path("")}, "true", {"{optimizer}"})),
              HasSubstr("is a folder"));
  EXPECT_THAT(refused({"compare", "adam", "--"}), HasSubstr("nothing stands behind --"));
  EXPECT_THAT(refused({"tune", "--range", "lr=log:1e-3:1", "--"}), HasSubstr("nothing stands behind --"));
  EXPECT_FALSE(std::filesystem::exists(path("no")));
}

}  // namespace
}  // namespace thalweg::lab
