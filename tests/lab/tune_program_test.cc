// Tests of thalweg tune with commands of one's own: what they print, how they end, kills.
#include "error_of.h"
#include "study/run_program.h"
#include "tune_command.h"

#include <map>

namespace thalweg::lab {
namespace {

using test::Command;
using test::Ended;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class TuneProgram : public test::TuneCommandTest {};

TEST_F(TuneProgram, EveryEndOfACommandIsAnOutcomeOfItsTrial) {
  // The kinds are the trials, in this order.
  const std::vector<std::string> kinds{"good", "nan",  "silent",   "code",   "signal", "line",
                                       "last", "huge", "backward", "orphan", "worker"};
  std::string range = "x=choice:";
  for (const std::string& kind : kinds) range += (kind == kinds.front() ? "" : "|") + kind;
  const Ended ended =
      run(program("study", {"--range", range, "--sampler", "grid", "--trials", "20", "--metric", "cost", "--json"},
                  R"(case $1 in
good) echo text; echo '{{"cost": 3, "epoch": 2}}'; echo '{{"cost": 2.5, "epoch": 4, "other": "a"}}';;
nan) echo '{{"cost": 1}}'; echo '{{"cost": NaN}}';;
silent) echo '{{"loss": 1}}'; echo '[1]'; echo '{{"cost": "1"}}';;
code) echo '{{"cost": 0}}'; printf 'first\nsecond \033[31m\007\n' >&2; exit 3;;
signal) kill -TERM $$;;
line) head -c 9000000 /dev/zero; echo; head -c 9000000 /dev/zero >&2; echo '{{"cost": 7}}';;
last) printf '{{"cost": 8}}';;
huge) echo '{{"cost": 0, "epoch": 9223372036854775807}}'; echo '{{"cost": 0}}';;
backward) echo '{{"cost": 0, "epoch": 3}}'; echo '{{"cost": 0, "epoch": 2}}';;
orphan) sleep 1000 & echo '{{"cost": 9}}';;
worker) if ! [ -e "$2/once" ]; then touch "$2/once"; echo '{{"cost": 0}}'; kill -KILL $PPID; sleep 1000; fi
  echo '{{"cost": 10}}';;
esac)"));
  ASSERT_EQ(ended.code, 0) << ended.errors;
  std::map<std::string, std::string> said;
  std::map<std::string, nlohmann::json> values;
  const nlohmann::json json = nlohmann::json::parse(ended.output);
  for (const nlohmann::json& trial : json.at("trials")) {
    const std::string kind = trial.at("parameters").at("x");
    said[kind] = trial.at("state").get<std::string>() + ": " + trial.value("error", "");
    values[kind] = trial.at("value");
  }
  EXPECT_EQ(said.at("good"), "complete: ");
  EXPECT_EQ(values.at("good"), 2.5);
  EXPECT_EQ(said.at("nan"), "diverged: cost is nan");
  EXPECT_THAT(said.at("silent"), AllOf(HasSubstr("failed: sh told no cost"), HasSubstr("{\"cost\": 0.5}")));
  EXPECT_EQ(said.at("code"), R"(failed: sh ended with exit code 3: second \x1b[31m\x07)");
  EXPECT_EQ(said.at("signal"), "failed: sh was killed by SIGTERM");
  EXPECT_EQ(values.at("line"), 7);
  EXPECT_EQ(values.at("last"), 8);
  EXPECT_THAT(said.at("huge"), HasSubstr("failed: sh told epoch 9223372036854775807; at most"));
  EXPECT_THAT(said.at("backward"), HasSubstr("failed: sh told epoch 2 after 3; they must rise"));
  EXPECT_EQ(values.at("orphan"), 9);
  EXPECT_EQ(values.at("worker"), 10) << "another worker begins it again";
  EXPECT_THAT(ended.errors, HasSubstr("another worker goes on with it"));
  for (const std::string& text : {ended.output, ended.errors}) {
    EXPECT_THAT(text, AllOf(Not(HasSubstr("\033")), Not(HasSubstr("\007"))));
  }
  EXPECT_EQ(json.at("best").at("parameters").at("x"), "good");
  const StudyData study = load("study");
  for (const TrialData& trial : study.trials) {
    if (trial.parameters.at("x") != "worker") continue;
    EXPECT_EQ(trial.epochs.size(), 1U) << "what was told before is no more";
  }
  EXPECT_FALSE(std::filesystem::exists(path("study/trials")));
}

TEST_F(TuneProgram, WithoutAnEndOfValuesIsEnded) {
  std::int64_t records = 0;
  const ProgramHooks hooks{.on_record = [&](const EpochRecord&) { ++records; }, .on_wait = [] {}};
  const ProgramCall call{.words = {"yes", "{\"cost\": 0}"}, .metric = "cost"};
  EXPECT_THAT(tests::error_of([&] { run_program(call, hooks); }), HasSubstr("yes told more than 10000 values of cost"));
  EXPECT_EQ(records, kMostRecords);
}

TEST_F(TuneProgram, IsEndedWithItsSearchAndBegunAgain) {
  // A process that the command has started in its turn ends with it.
  const Words words = program("study", {"--range", "x=0:1", "--trials", "1", "--json"},
                              "if ! [ -e " + path("go") + R"( ]; then sleep 1000 & echo $! > "$2/process"; wait; fi
echo '{{"loss": '$1'}}')");
  pid_t process = 0;
  {
    Command command(folder_.path(), words);
    while (process == 0) {
      process = std::atoi(test::contents(path("study/trials/1/process")).c_str());
      usleep(2000);
    }
    const Ended second = test::run_command(path("data"), words);
    EXPECT_EQ(second.code, 1);
    EXPECT_THAT(second.errors, HasSubstr("another process is working in this folder"));
    command.kill(SIGKILL);
    command.wait();
  }
  while (kill(process, 0) == 0) usleep(2000);
  std::ofstream(path("go")).flush();
  const nlohmann::json json = found(run(words));
  ASSERT_TRUE(json.is_object()) << json;
  EXPECT_EQ(json.at("best").at("value"), json.at("best").at("parameters").at("x"));
}

TEST_F(TuneProgram, ASearchWithoutAnyValueHasFailed) {
  // The second one hangs.
  const Ended ended =
      run(program("study", {"--range", "x=choice:0|1000", "--sampler", "grid", "--trials", "2", "--trial-timeout", "1"},
                  "sleep $1; exit 7"));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("no trial has come to its end with a finite value; trial 0: sh ended with exit"));
  EXPECT_THAT(ended.errors, HasSubstr("sh ran longer than 1 s (--trial-timeout) and was ended"));
  EXPECT_EQ(runs("study", TrialStatus::failed), 2);
}

}  // namespace
}  // namespace thalweg::lab
