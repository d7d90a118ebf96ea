// Tests of `thalweg data info` and `thalweg data make`: what they tell, their JSON and exit codes.
#include "command.h"
#include "idx_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class DataCommand : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = folder_.path() / name;
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
  Ended run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "data");
    return run_command(folder_.path(), std::move(arguments));
  }
  Ended info(const std::string& text, std::vector<std::string> flags = {}) const {
    flags.insert(flags.begin(), {"info", "csv:" + write("in.csv", text)});
    return run(std::move(flags));
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

 private:
  TemporaryFolder folder_;
};

/// A table with an identifier, a constant, a leak, a gap and a duplicate.
std::string table() {
  std::string text = "id,same,leak,x,colour,y\n";
  for (int i = 0; i < 40; ++i) {
    text += std::to_string(1000 + i) + ",7," + "PQ"[i % 2] + ',' + (i == 5 ? "" : std::to_string(i * i % 23)) + ',' +
            (i % 3 == 0 ? "red" : "blue") + ',' + "ab"[i % 2] + '\n';
  }
  return text;
}

TEST_F(DataCommand, InfoTellsOfColumnsWithoutATarget) {
  const Ended told = info(table());
  EXPECT_EQ(told.code, 0) << told.errors;
  EXPECT_THAT(told.output, AllOf(HasSubstr("40 rows, 6 columns"), HasSubstr("blue (26), red (14)"),
                                 HasSubstr("column id has another value in every row"),
                                 HasSubstr("column same is the same in every row"), HasSubstr("--target COLUMN")));
  EXPECT_THAT(told.output, Not(HasSubstr("leak:")));
}

TEST_F(DataCommand, InfoTellsWhatATrainingWouldSee) {
  const Ended told = info(table(), {"--target", "y", "--test-fraction", "0.25", "--column", "id=ignore"});
  EXPECT_EQ(told.code, 0) << told.errors;
  EXPECT_THAT(told.output, AllOf(HasSubstr("target: 2 classes of y"), HasSubstr("y (target)"),
                                 HasSubstr("column leak says the target by itself"), Not(HasSubstr("column id "))));
}

TEST_F(DataCommand, InfoAsJsonHasNoNumberThatIsNone) {
  const Ended told = info(table() + "2000,7,P,,,a\n", {"--target", "y", "--json"});
  ASSERT_EQ(told.code, 0) << told.errors;
  const nlohmann::json json = nlohmann::json::parse(told.output);
  EXPECT_EQ(json.at("rows"), 41);
  ASSERT_EQ(json.at("columns").size(), 6U);
  const nlohmann::json& x = json.at("columns")[3];
  EXPECT_EQ(x.at("kind"), "numeric");
  EXPECT_EQ(x.at("missing"), 2);
  EXPECT_EQ(x.at("min"), 0);
  EXPECT_EQ(x.at("max"), 18);
  EXPECT_TRUE(json.at("columns")[2].at("tells_target").get<bool>());
  EXPECT_TRUE(json.at("columns")[5].at("is_target").get<bool>());
  EXPECT_EQ(json.at("duplicates").at("in_both"), 0);
  const nlohmann::json empty = nlohmann::json::parse(info("a,b\n1,\n2,\n", {"--json"}).output);
  EXPECT_TRUE(empty.at("columns")[1].at("min").is_null());
  EXPECT_EQ(empty.at("duplicates").at("rows"), 0);
}

TEST_F(DataCommand, InfoOfDuplicatesAcrossParts) {
  const std::string test = write("test.csv", "x,y\n1,2\n7,7\n");
  const Ended told = info("x,y\n1,2\n2,4\n2,9\n", {"--target", "y", "--test-data", "csv:" + test});
  EXPECT_EQ(told.code, 0) << told.errors;
  EXPECT_THAT(told.output, AllOf(HasSubstr("1 test example is in the training part too"),
                                 HasSubstr("2 examples have another one's inputs and not its target")));
}

TEST_F(DataCommand, InfoOfTextsSeriesAndGeneratedData) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "abcab"[i % 5];
  const Ended letters = run({"info", "text:" + write("in.txt", text), "--window", "16"});
  EXPECT_THAT(letters.output, AllOf(HasSubstr("windows of 16 characters"), HasSubstr("'a'"), HasSubstr("Unknown")));
  const Ended sines = run({"info", "make:sines", "--window", "10", "--json"});
  EXPECT_EQ(nlohmann::json::parse(sines.output).at("inputs")[0].at("shape"), nlohmann::json({10, 1}));
}

TEST_F(DataCommand, WrongFilesFailAndWrongFlagsAreUsage) {
  const std::map<std::string, std::string> files{
      {"", "is empty"},
      {"a,b\n", "no rows"},
      {"a,b\n1,2\n3\n", "in.csv:3"},
      {"a,b\n1,2\n3,4,5\n", "in.csv:3"},
      {"a,b\n1,\"2\n3,4\n", "never closed"},
      {"a,a\n1,2\n", "both called 'a'"},
      {"a,b\n\x01\x02,3\n", "in.csv:2"},
      {"a,b\n1,\n2,\n", "the target b is missing in every row"},
      {"a,b\n1,2\n", "in.csv: a test fraction of 0.2 of 1 example leaves none to test on"},
      {"a,b\n1,2\n2,\n", "in.csv:3: the target b is missing"},
      {"a,c\n1,2\n2,3\n", "--target b: there is no such column"},
  };
  for (const auto& [text, error] : files) {
    const Ended ended = info(text, {"--target", "b"});
    EXPECT_EQ(ended.code, 1) << text;
    EXPECT_THAT(ended.errors, HasSubstr(error)) << text;
    EXPECT_EQ(ended.output, "");
  }
  const std::vector<std::vector<std::string>> wrong{
      {"--window", "3"},
      {"--positive", "x"},
      {"--target", "a", "--horizon", "2"},
      {"--column", "a"},
      {"--target", "a", "--window", "-1"},
      {"--target", "a", "--test-fraction", "1.5"},
      {"--window", "some"},
      {"--target", "a", "--test-data", "csv:x", "--test-fraction", "0.5"}};
  for (const std::vector<std::string>& flags : wrong) EXPECT_EQ(info("a,b\n1,2\n2,3\n", flags).code, 2) << flags[0];
  EXPECT_EQ(run({"info", write("in.csv", "a\n1\n")}).code, 2);
  EXPECT_EQ(run({"info", "csv:" + path("none.csv")}).code, 1);
  EXPECT_EQ(run({"info", "text:" + path("in.csv"), "--target", "x"}).code, 2);
}

TEST_F(DataCommand, MakeWritesDataThatInfoReads) {
  for (const std::string name : {"line", "spirals", "classification", "sines"}) {
    const Ended made = run({"make", name + ",rows=200", "-o", path(name), "--json"});
    ASSERT_EQ(made.code, 0) << made.errors;
    const nlohmann::json json = nlohmann::json::parse(made.output);
    const std::string file = json.at("file");
    EXPECT_EQ(file, path(name) + "/data.csv");
    const Ended generated = run({"info", "make:" + name + ",rows=200", "--json"});
    std::vector<std::string> flags{"info", "csv:" + file, "--target", json.at("target"), "--json"};
    if (name == "sines") flags.insert(flags.end(), {"--window", "50"});
    EXPECT_EQ(nlohmann::json::parse(run(flags).output).at("fingerprint"),
              nlohmann::json::parse(generated.output).at("fingerprint"));
  }
  EXPECT_THAT(run({"make", "sines", "-o", path("s")}).errors,
              HasSubstr("thalweg train --model gru --data csv:" + path("s") + "/data.csv --target y --window 50"));
}

TEST_F(DataCommand, MakeReplacesNothingUnasked) {
  EXPECT_EQ(run({"make", "line,seed=1", "-o", path("line")}).code, 0);
  const std::string before = contents(path("line/data.csv"));
  const Ended again = run({"make", "line,seed=2", "-o", path("line")});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.errors, HasSubstr("--overwrite"));
  EXPECT_EQ(contents(path("line/data.csv")), before);
  EXPECT_EQ(run({"make", "line,seed=2", "-o", path("line"), "--overwrite"}).code, 0);
  EXPECT_NE(contents(path("line/data.csv")), before);
  EXPECT_EQ(run({"make", "lines", "-o", path("x")}).code, 2);
  EXPECT_EQ(run({"make", "line,rows=0", "-o", path("x")}).code, 2);
  EXPECT_EQ(run({"make", "line"}).code, 2);
  EXPECT_FALSE(std::filesystem::exists(path("x")));
  EXPECT_EQ(run({"make", "line", "-o", write("file", "")}).code, 1);
}

}  // namespace
}  // namespace thalweg::lab::test
