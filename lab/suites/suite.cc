// The suites, and the list of claims.
#include "suites/suite.h"

#include "suites/convex.h"
#include "suites/experiments.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/core.h>

namespace thalweg::lab {

std::string to_string(Holds holds) {
  switch (holds) {
    case Holds::yes:
      return "holds";
    case Holds::no:
      return "does not hold";
    case Holds::partly:
      return "holds in part";
    case Holds::cannot_tell:
      return "cannot tell";
  }
  return "";
}

Claim convex_claim() {
  return {.name = "convex",
          .text = "RMSprop converges globally on convex functions",
          .experiment =
              "the counterexample of Reddi, Kale and Kumar (2018): linear functions on [−1, 1], one steep the "
              "one way in every period, the others flat the other way; rates fall as 1/√t",
          .parts = {},
          .judge = [](const PartStudies& /*studies*/) {
            std::vector<ConvexRun> runs;
            for (const ConvexProblem& problem : convex_problems()) runs.push_back(run_convex(problem));
            return judge_convex(runs);
          }};
}

namespace {

Suite claims_suite(bool quick) {
  Suite suite{.name = "claims", .about = "what tutorials claim of RMSprop, put to the test"};
  suite.claims = {gradients_claim(quick), convex_claim(), rates_claim(quick), tuning_claim(quick),
                  samples_claim(quick)};
  for (const Claim& claim : suite.claims) suite.parts.insert(suite.parts.end(), claim.parts.begin(), claim.parts.end());
  return suite;
}

}  // namespace

CompareConfig quickened(CompareConfig config) {
  TrainingConfig& training = config.training;
  training.train_limit = training.test_limit = 300;
  training.stop.epochs = config.tuning.epochs = 1;
  config.seeds = {1, 2};
  config.tuning.seeds.resize(1);
  std::vector<double>& grid = config.tuning.grid;
  if (grid.size() > 2) grid = {grid.front(), grid[grid.size() / 2]};
  config.tuning.given = true;
  return config;
}

std::vector<std::string> suite_names() { return {"tutorial", "claims"}; }

Suite make_suite(std::string_view name, bool quick) {
  if (name == "tutorial") return tutorial_suite(quick);
  if (name == "claims") return claims_suite(quick);
  throw Error(fmt::format("unknown suite '{}'{}", printable(name), suggest(name, suite_names())));
}

}  // namespace thalweg::lab
