// Recommendation: the model and its losses against plain loops, draws, rankings by brute force, and whole trainings.
#include "command_folder.h"
#include "data/ratings_dataset.h"
#include "data/ratings_generator.h"
#include "error_of.h"
#include "idx_files.h"
#include "models/factor_products.h"
#include "models/factorization.h"
#include "tasks/objective.h"
#include "tasks/task.h"
#include "training/negatives.h"
#include "training/ranking.h"
#include "training/ranking_sums.h"
#include "training/split.h"
#include "training/trained_model.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/script.h>
#include <torch/utils.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Tables of 7 users and 9 items with 5 factors, and a batch with equal users, equal items and zeros.
struct Sample {
  torch::Tensor p = torch::randn({7, 5}), bu = torch::randn({7}), q = torch::randn({9, 5}), bi = torch::randn({9});
  torch::Tensor codes = torch::tensor({{1, 3, 4}, {6, 3, 3}, {1, 8, 0}, {2, 1, 3}, {0, 4, 5}}, torch::kInt64);
  torch::Tensor gradient = torch::randn({5, 2});
};

TEST(FactorProducts, AreThoseOfPlainLoops) {
  torch::manual_seed(3);
  Sample s;
  for (torch::Tensor* each : {&s.p, &s.bu, &s.q, &s.bi}) each->set_requires_grad(true);
  const torch::Tensor y = factor_products({s.p, s.bu, s.q, s.bi}, s.codes);
  y.backward(s.gradient);
  std::map<std::string, torch::Tensor> sums{{"p", torch::zeros({7, 5}, torch::kFloat64)},
                                            {"bu", torch::zeros({7}, torch::kFloat64)},
                                            {"q", torch::zeros({9, 5}, torch::kFloat64)},
                                            {"bi", torch::zeros({9}, torch::kFloat64)}};
  for (std::int64_t i = 0; i < 5; ++i) {
    const std::int64_t user = s.codes[i][0].item<std::int64_t>();
    for (std::int64_t j = 0; j < 2; ++j) {
      const std::int64_t item = s.codes[i][1 + j].item<std::int64_t>();
      double product = s.bu[user].item<double>() + s.bi[item].item<double>();
      for (std::int64_t k = 0; k < 5; ++k) product += s.p[user][k].item<double>() * s.q[item][k].item<double>();
      EXPECT_NEAR(y[i][j].item<double>(), product, 1e-5);
      const double g = s.gradient[i][j].item<double>();
      if (user > 0) {
        sums["bu"][user] += g;
        sums["p"][user] += g * s.q.detach()[item].to(torch::kFloat64);
      }
      if (item > 0) {
        sums["bi"][item] += g;
        sums["q"][item] += g * s.p.detach()[user].to(torch::kFloat64);
      }
    }
  }
  EXPECT_TRUE(torch::allclose(s.p.grad().to_dense().to(torch::kFloat64), sums["p"], 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(s.bu.grad().to_dense().to(torch::kFloat64), sums["bu"], 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(s.q.grad().to_dense().to(torch::kFloat64), sums["q"], 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(s.bi.grad().to_dense().to(torch::kFloat64), sums["bi"], 1e-5, 1e-6));
  // Rows alone, each once.
  EXPECT_TRUE(s.p.grad().is_sparse());
  EXPECT_TRUE(torch::equal(s.p.grad()._indices(), torch::tensor({{1, 2, 6}}, torch::kInt64)));
  EXPECT_TRUE(torch::equal(s.q.grad()._indices(), torch::tensor({{1, 3, 4, 5, 8}}, torch::kInt64)));
}

TEST(FactorProducts, BitsDoNotDependOnThreads) {
  torch::manual_seed(5);
  const torch::Tensor codes =
      torch::cat({torch::randint(50, {2000, 1}, torch::kInt64), torch::randint(30, {2000, 9}, torch::kInt64)}, 1)
          .contiguous();
  const torch::Tensor p = torch::randn({50, 33}), q = torch::randn({30, 33}), gradient = torch::randn({2000, 9});
  std::vector<torch::Tensor> results;
  const int before = at::get_num_threads();
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    torch::Tensor own_p = p.clone().set_requires_grad(true), own_q = q.clone().set_requires_grad(true);
    const torch::Tensor y = factor_products({own_p, torch::zeros({50}), own_q, torch::zeros({30})}, codes);
    y.backward(gradient);
    results.insert(results.end(), {y.detach(), own_p.grad().to_dense(), own_q.grad().to_dense()});
  }
  at::set_num_threads(before);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(torch::equal(results[i], results[i + 3])) << i;
}

TEST(FactorProducts, CodesThatAreNoRowsAreRefused) {
  const FactorTables tables{torch::zeros({3, 2}), torch::zeros({3}), torch::zeros({4, 2}), torch::zeros({4})};
  EXPECT_THAT(tests::error_of([&] {
                factor_products(tables, torch::tensor({{3, 1}}, torch::kInt64));
              }),
              HasSubstr("user 3 is outside [0, 3)"));
  EXPECT_THAT(tests::error_of([&] {
                factor_products(tables, torch::tensor({{2, -1}}, torch::kInt64));
              }),
              HasSubstr("item -1"));
}

TEST(RankingLosses, GradientsAreThoseOfFiniteDifferencesAndLossesThoseOfTheFormulas) {
  torch::manual_seed(7);
  const std::int64_t rows = 6, k = 4;
  const torch::Tensor outputs = torch::randn({rows, 1 + k}) * 2, target = torch::full({rows}, std::log(37.0 / 4));
  for (const std::string loss : {"bpr", "softmax"}) {
    const auto objective =
        task_of({.kind = TargetKind::number, .task = "ranking", .loss = loss}).objective({.loss = loss}, {});
    torch::Tensor gradient = torch::empty_like(outputs);
    const Tally tally = objective->score(outputs, target, &gradient);
    double expected = 0;
    for (std::int64_t i = 0; i < rows; ++i) {
      const double s0 = outputs[i][0].item<double>();
      double all = std::exp(s0);
      for (std::int64_t j = 1; j <= k; ++j) {
        const double s = outputs[i][j].item<double>();
        if (loss == "bpr") expected += std::log(1 + std::exp(s - s0)) / static_cast<double>(k);
        all += 37.0 / 4 * std::exp(s);
      }
      if (loss == "softmax") expected += std::log(all) - s0;
    }
    EXPECT_NEAR(tally.loss, expected, 1e-4) << loss;
    for (std::int64_t i = 0; i < outputs.numel(); ++i) {
      const float step = 1e-2f;
      torch::Tensor above = outputs.clone(), below = outputs.clone();
      above.view(-1)[i] += step;
      below.view(-1)[i] -= step;
      const double slope = (objective->score(above, target, nullptr).mean_loss() -
                            objective->score(below, target, nullptr).mean_loss()) /
                           (2 * step);
      EXPECT_NEAR(gradient.view(-1)[i].item<double>(), slope, 2e-4) << loss << i;
    }
  }
}

/// Users 1 … 12, items 1 … 8; user u has rated items of which (u · item) % 3 is 0, and user 12 all.
struct Pairs {
  test::TemporaryFolder folder;
  Dataset dataset;
  Scaling scaling;

  explicit Pairs(const std::string& implicit) {
    const std::string file = (folder.path() / "pairs.csv").string();
    std::ofstream stream(file);
    stream << "user,item,rating\n";
    for (int user = 1; user <= 12; ++user)
      for (int item = 1; item <= 8; ++item)
        if (user == 12 || user * item % 3 == 0) stream << user << ',' << item << ',' << (user + item) % 5 + 1 << '\n';
    stream.close();
    dataset = open_dataset("ratings:" + file, {.test_fraction = .3, .implicit = implicit});
    scaling = dataset.examples->measure(dataset.train);
  }
};

TEST(Negatives, AreUniformOverWhatTheUserHasNot) {
  const Pairs pairs("bpr");
  std::vector<std::int64_t> all = pairs.dataset.train;
  all.insert(all.end(), pairs.dataset.test.begin(), pairs.dataset.test.end());
  const Scaling scaling = pairs.dataset.examples->measure(all);
  const Negatives negatives(pairs.dataset, all, scaling, 5, 11);
  std::map<std::int64_t, int> counts;
  std::vector<std::int64_t> items(5), again(5);
  for (std::int64_t example = 0; example < 4000; ++example) {
    EXPECT_NEAR(negatives.draw(1, 3, example, 2, items), std::log(6.0 / 5), 1e-12);  // user 1 has items 3 and 6
    for (const std::int64_t item : items) ++counts[item];
  }
  std::vector<std::int64_t> drawn;
  for (const auto& [item, count] : counts) {
    drawn.push_back(item);
    EXPECT_NEAR(count, 20000.0 / 6, 5 * std::sqrt(20000.0 / 6)) << item;
  }
  EXPECT_THAT(drawn, ElementsAre(1, 2, 4, 5, 7, 8));
  negatives.draw(1, 3, 17, 2, items);
  negatives.draw(1, 3, 17, 2, again);
  EXPECT_EQ(items, again);
  negatives.draw(1, 3, 17, 3, again);
  EXPECT_NE(items, again);
  EXPECT_TRUE(std::isinf(negatives.draw(12, 4, 0, 1, items)));  // has all
  EXPECT_THAT(items, testing::Each(4));
}

TEST(RankingSums, AreThoseOfTheDefinition) {
  // Relevant: 3 items; found at places 1 and 3. DCG 1 + 1/2, ideal 1 + 1/log2(3) + 1/2.
  RankingSums sums;
  const std::vector<std::int32_t> ranking{5, 9, 2, 8, 7, 1}, relevant{2, 4, 5};
  sums.add(ranking, relevant);
  EXPECT_NEAR(sums.values().at("recall@10"), 2.0 / 3, 1e-12);
  EXPECT_NEAR(sums.values().at("ndcg@10"), 1.5 / (1.5 + 1 / std::log2(3.0)), 1e-12);
  // 12 relevant items, of which the first 10 are all: recall 10 of 12, nDCG 1.
  RankingSums many;
  std::vector<std::int32_t> first(10), twelve(12);
  std::iota(first.begin(), first.end(), 0);
  std::iota(twelve.begin(), twelve.end(), 0);
  many.add(first, twelve);
  EXPECT_NEAR(many.values().at("recall@10"), 10.0 / 12, 1e-12);
  EXPECT_NEAR(many.values().at("ndcg@10"), 1, 1e-12);
  EXPECT_TRUE(RankingSums().values().empty());
}

TEST(BestItems, AreThoseOfSortingAll) {
  torch::manual_seed(9);
  for (int round = 0; round < 50; ++round) {
    const torch::Tensor draws = torch::randint(12, {40}, torch::kInt32);  // many ties
    std::vector<float> scores;
    std::vector<std::int32_t> candidates, without, expected;
    for (std::int32_t i = 0; i < 40; ++i) {
      scores.push_back(draws[i].item<float>());
      if (i % 7 != round % 7) candidates.push_back(i);
      if (i % 5 == round % 5) without.push_back(i);
    }
    std::ranges::set_difference(candidates, without, std::back_inserter(expected));
    std::ranges::stable_sort(expected, [&](std::int32_t a, std::int32_t b) {
      return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
    });
    expected.resize(std::min<std::size_t>(expected.size(), 10));
    EXPECT_EQ(best_items(scores, candidates, without), expected);
  }
  const std::vector<float> nan{std::nanf(""), 1, 2};
  EXPECT_THAT(best_items(nan, std::vector<std::int32_t>{0, 1, 2}, {}), ElementsAre(2, 1, 0));
}

TEST(Ranker, IsThePlainLoopOverUsersAndItems) {
  for (const std::string implicit : {"", "softmax"}) {
    const Pairs pairs(implicit);
    const Dataset& data = pairs.dataset;
    Factorization model({data.inputs, data.target.kind, 1}, {.factors = 3}, 4);
    torch::manual_seed(1);
    for (torch::Tensor& each : model.parameters()) each.set_data(torch::randn_like(each));
    const Ranker ranker(data, pairs.scaling, data.train, data.test, 1000, 0);

    const auto load = [&](const std::vector<std::int64_t>& part) {
      std::vector<std::int64_t> codes(2 * part.size());
      std::vector<float> targets(part.size());
      data.examples->load(part, pairs.scaling, {{std::span(codes)}, std::span(targets)});
      std::map<std::int64_t, std::map<std::int64_t, float>> by_user;
      for (std::size_t i = 0; i < part.size(); ++i) by_user[codes[2 * i]][codes[2 * i + 1]] = targets[i];
      return by_user;
    };
    const auto seen = load(data.train), asked = load(data.test);
    double recall = 0, gain = 0, users = 0;
    for (const auto& [user, ratings] : asked) {
      std::set<std::int64_t> relevant;
      for (const auto& [item, rating] : ratings)
        if (user > 0 && item > 0 && (rating > 0 || !implicit.empty())) relevant.insert(item);
      if (relevant.empty()) continue;
      std::vector<std::pair<float, std::int64_t>> order;
      for (const std::int64_t item : pairs.scaling.known[1]) {
        if (seen.contains(user) && seen.at(user).contains(item)) continue;
        order.emplace_back(-model.forward({torch::tensor({{user, item}}, torch::kInt64)}).item<float>(), item);
      }
      std::ranges::sort(order);
      double own = 0, ideal = 0, hits = 0;
      for (std::size_t place = 0; place < std::min<std::size_t>(order.size(), 10); ++place) {
        if (!relevant.contains(order[place].second)) continue;
        own += 1 / std::log2(2.0 + static_cast<double>(place));
        ++hits;
      }
      for (std::size_t place = 0; place < std::min<std::size_t>(relevant.size(), 10); ++place)
        ideal += 1 / std::log2(2.0 + static_cast<double>(place));
      recall += hits / static_cast<double>(relevant.size());
      gain += own / ideal;
      ++users;
    }
    ASSERT_GT(users, 3);
    EXPECT_NEAR(ranker.values(model).at("recall@10"), recall / users, 1e-9);
    EXPECT_NEAR(ranker.values(model).at("ndcg@10"), gain / users, 1e-9);
    EXPECT_THAT(ranker.description(), HasSubstr(fmt::format("{} users", users)));
  }
}

class Recommendation : public test::CommandFolder {};

TEST_F(Recommendation, TheMatrixOfKnownRankIsFoundAgain) {
  const std::string data = "make:ratings,users=300,items=200,rows=14000,rank=2,noise=0.3";
  const nlohmann::json trained =
      json_of({"train", "--model", "factorization", "--factors", "2", "--data", data, "--optimizer", "adam:lr=0.02",
               "--batch", "256", "--epochs", "40", "--out", path("run")});
  // 300 × 3 + 200 × 3 numbers are fitted to 10,000 ratings: noise · √(1 + 1500 / 10000) is what least squares can
  // reach.
  EXPECT_LT(trained.at("test").at("rmse").get<double>(), 0.3 * 1.12);
  EXPECT_LT(trained.at("test").at("rmse").get<double>(),
            0.5 * trained.at("baselines").at(1).at("values").at("rmse").get<double>());
  EXPECT_GT(trained.at("test").at("ndcg@10").get<double>(),
            trained.at("baselines").at(2).at("values").at("ndcg@10").get<double>());
  // The whole matrix, rated or not, is near the truth.
  const TrainedModel run = load_trained_model(path("run") + "/checkpoint.safetensors");
  const RatingsTruth truth(parse_generator(data.substr(5)).options);
  const auto& scaling = run.checkpoint.scaling;
  const auto& model = dynamic_cast<const Factorization&>(*run.model);
  const torch::Tensor found = model.all_scores(torch::tensor(scaling.known[0], torch::kInt64));
  double squares = 0, spread = 0;
  for (std::size_t u = 0; u < scaling.known[0].size(); ++u) {
    for (const std::int64_t item : scaling.known[1]) {
      const double was = truth(scaling.known[0][u] - 1, item - 1);
      squares += std::pow(found[static_cast<std::int64_t>(u)][item].item<double>() * scaling.target_deviation +
                              scaling.target_mean - was,
                          2);
      spread += std::pow(was - 3.5, 2);
    }
  }
  EXPECT_LT(squares, 0.06 * spread);

  const nlohmann::json top = json_of({"predict", path("run"), "--user", "7", "--top", "5"});
  EXPECT_EQ(top.at("items").size(), 5U);
  std::map<std::string, bool> rated;
  const DataTable table = parse_generator(data.substr(5)).generator->make(parse_generator(data.substr(5)).options);
  for (std::size_t row = 0; row < 14000; ++row)
    if (table.columns[0].codes[row] == 6) rated[std::to_string(table.columns[1].codes[row] + 1)] = true;
  EXPECT_EQ(top.at("left_out").get<std::size_t>(), rated.size());
  double last = 1e9;
  for (const nlohmann::json& item : top.at("items")) {
    EXPECT_FALSE(rated.contains(item.at("item").get<std::string>()));
    EXPECT_LE(item.at("rating").get<double>(), last);
    last = item.at("rating").get<double>();
  }
  const test::Ended unknown = thalweg({"predict", path("run"), "--user", "9999"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.errors, testing::AllOf(HasSubstr("--user 9999: is not among the"), HasSubstr("trained anew")));
  EXPECT_THAT(thalweg({"predict", path("run"), "--top", "3"}).errors, HasSubstr("--top: means nothing without --user"));
  // eval measures what the training ended with.
  const nlohmann::json again = json_of({"eval", path("run")});
  EXPECT_NEAR(again.at("test").at("ndcg@10").get<double>(), trained.at("test").at("ndcg@10").get<double>(), 1e-9);
  EXPECT_EQ(again.at("baselines"), trained.at("baselines"));
  EXPECT_EQ(thalweg({"report", path("run"), "-o", path("r.html")}).code, 0);
  EXPECT_THAT(test::contents(path("r.html")),
              testing::AllOf(HasSubstr("Simple rivals"), HasSubstr("popularity"), HasSubstr("<bdi>the model</bdi>")));
}

TEST_F(Recommendation, ChoicesAreRankedAboveChanceAndPopularityByBothLosses) {
  for (const std::string loss : {"bpr", "softmax"}) {
    const nlohmann::json trained =
        json_of({"train", "--model", "factorization", "--factors", "4", "--implicit", loss, "--data",
                 "make:ratings,users=1500,items=150,rows=50000,rank=2", "--optimizer", "adamw:lr=0.01,weight_decay=0.1",
                 "--batch", "256", "--epochs", "15", "--out", path(loss)});
    EXPECT_EQ(trained.at("task"), "ranking");
    const double popularity = trained.at("baselines").at(0).at("values").at("ndcg@10");
    EXPECT_GT(trained.at("test").at("ndcg@10").get<double>(), 1.03 * popularity) << loss;
    EXPECT_TRUE(trained.at("validation").contains("recall@10"));
    EXPECT_EQ(json_of({"predict", path(loss), "--user", "3"}).at("items").size(), 10U);
    EXPECT_THAT(thalweg({"predict", path(loss)}).output, testing::StartsWith("score\r\n"));
  }
  EXPECT_THAT(
      thalweg({"train", "--model", "tabular", "--implicit", "bpr", "--data", "make:ratings,users=50,items=50,rows=400"})
          .errors,
      HasSubstr("these take it: factorization"));
}

TEST_F(Recommendation, NothingToRankIsRefused) {
  const auto refused = [&](const std::string& name, int users, int items) {
    std::ofstream file(path(name));
    file << "user,item\n";
    for (int user = 0; user < users; ++user)
      for (int item = 0; item < items; ++item) file << user << ',' << item << '\n';
    file.close();
    const test::Ended ended = thalweg({"train", "--model", "factorization", "--implicit", "softmax", "--data",
                                       "ratings:" + path(name), "--epochs", "1"});
    EXPECT_EQ(ended.code, 1) << ended.output;
    return ended.errors;
  };
  EXPECT_THAT(refused("item.csv", 30, 1), testing::AllOf(HasSubstr("nothing to rank"), HasSubstr("the only item")));
  EXPECT_THAT(refused("user.csv", 1, 30), testing::AllOf(HasSubstr("nothing to rank"), HasSubstr("1 user had all")));
}

TEST_F(Recommendation, UsersOfTheTestPartAloneAreUnknown) {
  std::ofstream train(path("train.csv")), test(path("test.csv"));
  train << "user,item,rating\n";
  for (int i = 0; i < 60; ++i) train << i / 6 << ',' << i % 7 << ',' << 1 + i % 5 << '\n';
  test << "user,item,rating\n777,1,3\n778,99,4\n";
  train.close(), test.close();
  const nlohmann::json trained =
      json_of({"train", "--model", "factorization", "--data", "ratings:" + path("train.csv"), "--test-data",
               "ratings:" + path("test.csv"), "--implicit", "bpr", "--epochs", "1", "--out", path("run")});
  EXPECT_FALSE(trained.at("test").contains("ndcg@10"));
  EXPECT_THAT(trained.at("notes").at(0).get<std::string>(), HasSubstr("no recall@10 and nDCG@10"));
  const test::Ended unknown = thalweg({"predict", path("run"), "--user", "777"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.errors, testing::AllOf(HasSubstr("--user 777: is not among the 10 users"),
                                             testing::Not(HasSubstr("did you mean 777"))));
}

TEST_F(Recommendation, AResumedTrainingHasTheSameBits) {
  const std::vector<std::string> common{"train",     "--model", "factorization",
                                        "--factors", "3",       "--implicit",
                                        "bpr",       "--data",  "make:ratings,users=60,items=50,rows=700",
                                        "--batch",   "32",      "--schedule",
                                        "constant"};
  auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> all = common;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const nlohmann::json whole = json_of(with({"--epochs", "4"}));
  json_of(with({"--epochs", "2", "--out", path("half")}));
  const nlohmann::json resumed = json_of({"train", "--resume", path("half"), "--epochs", "4"});
  EXPECT_EQ(whole.at("test"), resumed.at("test"));
}

TEST_F(Recommendation, TheExportedModuleAndOtherModelsPredictRatings) {
  json_of({"train", "--model", "factorization", "--factors", "3", "--data", "make:ratings,users=60,items=50,rows=700",
           "--epochs", "3", "--out", path("run")});
  ASSERT_EQ(thalweg({"export", path("run"), "-o", path("m.pt")}).code, 0);
  torch::jit::Module module = torch::jit::load(path("m.pt"));
  const TrainedModel run = load_trained_model(path("run") + "/checkpoint.safetensors");
  const torch::Tensor codes = torch::tensor({{1, 2}, {0, 3}, {5, 0}, {0, 0}}, torch::kInt64);
  const torch::NoGradGuard no_grad;
  const torch::Tensor own = run.model->forward({codes}).flatten() * run.checkpoint.scaling.target_deviation +
                            run.checkpoint.scaling.target_mean;
  EXPECT_TRUE(torch::allclose(module.forward({codes}).toTensor(), own, 1e-5, 1e-5));
  EXPECT_NEAR(own[3].item<double>(), run.checkpoint.scaling.target_mean, 1e-5);  // nothing known: the mean
  EXPECT_GT(
      json_of({"train", "--model", "tabular", "--data", "make:ratings,users=60,items=50,rows=700", "--epochs", "2"})
          .at("test")
          .at("rmse")
          .get<double>(),
      0);
}

}  // namespace
}  // namespace thalweg::lab
