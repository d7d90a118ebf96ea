// train, eval, predict, data info and report on German credit: what they tell of risk, columns and drift.
#include "command_folder.h"
#include "idx_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using test::Ended;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CreditCommands : public test::CommandFolder {
 protected:
  /// Loans in the UCI's layout, numbered from `first`: long ones are bad, most of them; from 1000 on amounts are
  /// higher.
  std::string write_loans(const std::string& name, int count, int first = 0, bool classes = true) const {
    std::ofstream file(path(name));
    for (int i = first; i < first + count; ++i) {
      const double u = std::fmod(i * 0.6180339887, 1), v = std::fmod(i * 0.7548776662, 1);
      const int months = 6 + static_cast<int>(60 * u);
      file << fmt::format("A1{} {} A3{} A4{} {} A61 A7{} 4 A9{} A101 4 A12{} {} A143 A152 1 A173 1 A191 A201",
                          1 + i % 4, months, i % 5, i % 7, (i < 1000 ? 1000 : 9000) + 13 * (i % 97), 1 + i % 5,
                          1 + i % 4, 1 + i % 4, 20 + i % 50);
      if (classes) file << (u + 0.5 * v > 0.9 ? " 2" : " 1");
      file << '\n';
    }
    return "german-credit:" + path(name);
  }
  std::vector<std::string> training(const std::string& data, const std::string& out) const {
    return {"train",     "--model", "tabular",  "--dense", "0",      "--data", data,    "--lr",   "0.03",
            "--threads", "1",       "--epochs", "40",      "--cost", "5:1",    "--out", path(out)};
  }
};

TEST_F(CreditCommands, CostsAreThoseOfThePredictions) {
  const std::string data = write_loans("german.data", 400);
  const nlohmann::json trained = json_of(training(data, "run"));
  const nlohmann::json& risk = trained.at("risk");
  EXPECT_EQ(risk.at("positive"), "bad");
  EXPECT_EQ(risk.at("examples"), 80);
  EXPECT_NEAR(risk.at("auc").get<double>(), trained.at("test").at("auc").get<double>(), 1e-6);
  EXPECT_NEAR(risk.at("log_loss").get<double>(), trained.at("test").at("loss").get<double>(), 1e-4);
  EXPECT_GT(risk.at("auc").get<double>(), 0.9);
  EXPECT_LT(risk.at("auc_interval").at(0).get<double>(), risk.at("auc").get<double>());
  const nlohmann::json& chosen = risk.at("cost").at("chosen");
  EXPECT_NEAR(risk.at("cost").at("theoretical").at("threshold").get<double>(), 1.0 / 6, 1e-12);
  EXPECT_EQ(risk.at("cost").at("validation_examples"), 32);

  // What predict says of the test part, decided by hand.
  const nlohmann::json predicted = json_of({"predict", path("run")});
  ASSERT_EQ(predicted.size(), 80u);
  const double threshold = chosen.at("threshold").get<double>();
  int taken = 0;
  for (const nlohmann::json& each : predicted) {
    const bool bad = each.at("probabilities").at("bad").get<double>() >= threshold;
    EXPECT_EQ(each.at("decision"), bad ? "bad" : "good");
    taken += bad ? 1 : 0;
  }
  EXPECT_EQ(taken, chosen.at("true_positives").get<int>() + chosen.at("false_positives").get<int>());
  EXPECT_NEAR(chosen.at("cost").get<double>(),
              (5.0 * chosen.at("false_negatives").get<int>() + chosen.at("false_positives").get<int>()) / 80, 1e-12);
  // The columns that say it have the greatest effects.
  EXPECT_EQ(trained.at("effects").at("columns").at(0).at("column"), "duration_months");
  EXPECT_EQ(trained.at("effects").at("metric"), "auc");
  EXPECT_EQ(trained.at("effects").at("columns").size(), 20u);
  EXPECT_EQ(trained.at("drift").at("columns").size(), 21u);
  // eval is the same again.
  const nlohmann::json evaluated = json_of({"eval", path("run")});
  EXPECT_EQ(evaluated.at("risk"), risk);
  EXPECT_EQ(evaluated.at("effects"), trained.at("effects"));
}

TEST_F(CreditCommands, OtherDataAreDecidedByTheRunsThreshold) {
  const std::string data = write_loans("german.data", 400);
  const nlohmann::json trained = json_of(training(data, "run"));
  const nlohmann::json other = json_of({"eval", path("run"), "--data", write_loans("later", 100, 1000)});
  EXPECT_EQ(other.at("risk").at("cost").at("chosen").at("threshold"),
            trained.at("risk").at("cost").at("chosen").at("threshold"));
  EXPECT_EQ(other.at("risk").at("cost").at("validation_examples"), 32);
  EXPECT_EQ(other.at("risk").at("examples"), 100);
  const Ended predicted = thalweg({"predict", path("run"), "--data", write_loans("new", 5, 2000, false)});
  EXPECT_EQ(predicted.code, 0) << predicted.errors;
  EXPECT_THAT(predicted.output, HasSubstr("class,p(good),p(bad),decision"));
  // Without records there is no threshold, which is told, and all else is as before.
  std::filesystem::remove(path("run/study.sqlite"));
  EXPECT_FALSE(json_of({"eval", path("run")}).at("risk").contains("cost"));
  const Ended undecided = thalweg({"predict", path("run")});
  EXPECT_EQ(undecided.code, 0) << undecided.errors;
  EXPECT_THAT(undecided.output, Not(HasSubstr("decision")));
  EXPECT_THAT(undecided.errors, HasSubstr("--cost 5:1 has no threshold, since there is no study.sqlite in it"));
}

TEST_F(CreditCommands, FoldsOfOneClassAreCounted) {
  std::ofstream file(path("rare.csv"));
  file << "x,status\n";
  for (int i = 0; i < 60; ++i) file << i % 7 << (i == 10 || i == 40 ? ",bad\n" : ",good\n");
  file.close();
  const std::vector<std::string> arguments{"train",    "--data",  "csv:" + path("rare.csv"),
                                           "--target", "status",  "--positive",
                                           "bad",      "--model", "tabular",
                                           "--folds",  "3",       "--epochs",
                                           "1",        "--out",   path("folds")};
  const Ended ended = thalweg(arguments);
  EXPECT_EQ(ended.code, 0) << ended.errors;
  const auto over = ended.output.find("over 3 folds");
  ASSERT_NE(over, std::string::npos) << ended.output;
  EXPECT_THAT(ended.output.substr(over), AllOf(HasSubstr("(of 2 folds, which alone have it)"),
                                               HasSubstr("1 of 3 folds test examples of one class")));
  std::vector<std::string> again = arguments;
  again.emplace_back("--overwrite");
  const nlohmann::json counts = json_of(again).at("test").at("folds");
  EXPECT_EQ(counts.at("auc"), 2);
  EXPECT_EQ(counts.at("loss"), 3);
  std::vector<std::string> costs(arguments.begin(), arguments.end() - 6);  // without folds
  costs.insert(costs.end(), {"--epochs", "1", "--cost", "5:1"});
  const Ended without = thalweg(costs);
  EXPECT_EQ(without.code, 0) << without.errors;
  EXPECT_THAT(without.output, HasSubstr("validation examples are of one class alone"));
  // Data of a format that does not take the training's flags.
  const Ended other = thalweg({"predict", path("folds/fold-1"), "--data", write_loans("german.data", 5)});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.errors, HasSubstr("is of another kind than what the model was trained on, csv:"));
}

TEST_F(CreditCommands, FoldsAreTakenTogether) {
  std::vector<std::string> arguments = training(write_loans("german.data", 300), "folds");
  arguments.insert(arguments.end(), {"--folds", "3"});
  const nlohmann::json json = json_of(arguments);
  const nlohmann::json& risk = json.at("risk");
  ASSERT_EQ(risk.at("auc").size(), 3u);
  double mean = 0, cost = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const nlohmann::json& own = json.at("folds").at(i).at("risk");
    EXPECT_EQ(risk.at("auc").at(i), own.at("auc"));
    mean += own.at("auc").get<double>() / 3;
    cost += own.at("cost").at("chosen").at("cost").get<double>() / 3;
  }
  EXPECT_NEAR(risk.at("auc_mean").get<double>(), mean, 1e-12);
  EXPECT_EQ(risk.at("pooled").at("examples"), 300);
  EXPECT_NEAR(risk.at("pooled").at("cost").at("chosen").at("cost").get<double>(), cost, 1e-9) << "parts of equal size";

  ASSERT_EQ(
      thalweg({"report", path("folds/fold-1"), path("folds/fold-2"), path("folds/fold-3"), "-o", path("r.html")}).code,
      0);
  const std::string page = test::contents(path("r.html"));
  EXPECT_THAT(page, AllOf(HasSubstr("Risk: the probability of <bdi>bad</bdi>"), HasSubstr("AUC by fold"),
                          HasSubstr("Cost by threshold"), HasSubstr("Effect of columns"),
                          HasSubstr("Drift between training and test part")));
}

TEST_F(CreditCommands, DriftIsNamed) {
  const std::string data = write_loans("german.data", 300), later = write_loans("later", 200, 1000);
  const nlohmann::json info = json_of({"data", "info", data, "--test-data", later});
  const nlohmann::json& first = info.at("drift").at("columns").at(0);
  EXPECT_EQ(first.at("column"), "amount");
  EXPECT_TRUE(first.at("differs").get<bool>());
  EXPECT_GT(first.at("stability_index").get<double>(), 0.25);
  EXPECT_THAT(thalweg({"data", "info", data, "--test-data", later}).output,
              HasSubstr("distributed otherwise in the test part: amount"));
  EXPECT_THAT(thalweg({"data", "info", data}).output, Not(HasSubstr("distributed otherwise")));
}

TEST_F(CreditCommands, WrongCostsAreRefused) {
  const std::string data = write_loans("german.data", 100);
  const auto refused = [&](std::vector<std::string> more, const std::string& of = {}) {
    std::vector<std::string> arguments{"train", "--data", of.empty() ? data : of, "--epochs", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ended ended = thalweg(arguments);
    EXPECT_EQ(ended.code, 2) << ended.output;
    return ended.errors;
  };
  EXPECT_THAT(refused({"--cost", "5", "--model", "tabular"}), HasSubstr("expected FN:FP"));
  EXPECT_THAT(refused({"--cost", "5:0", "--model", "tabular"}), HasSubstr("expected FN:FP"));
  EXPECT_THAT(refused({"--cost", "5:1", "--model", "tabular", "--validation-fraction", "0"}),
              HasSubstr("leaves nothing for the threshold to be measured on"));
  EXPECT_THAT(refused({"--cost", "5:1", "--model", "linear"}, "make:line"), HasSubstr("costs are of two classes"));
  std::ofstream(path("numbers.csv")) << "x,bad\n1,0\n2,1\n3,0\n4,1\n5,0\n6,1\n7,0\n8,1\n9,0\n10,1\n";
  EXPECT_THAT(refused({"--cost", "5:1", "--model", "tabular", "--target", "bad"}, "csv:" + path("numbers.csv")),
              HasSubstr("--positive VALUE makes a class of one of its values"));
  EXPECT_THAT(refused({"--cost", "5:1", "--model", "tabular"}, "make:classification,classes=3"),
              AllOf(HasSubstr("costs are of two classes"), HasSubstr("3")));
}

}  // namespace
}  // namespace thalweg::lab
