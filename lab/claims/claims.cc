// The list of claims, and their suite.
#include "claims/claims.h"

#include "claims/convex.h"
#include "claims/experiments.h"

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

std::vector<Claim> claims(bool quick) {
  return {gradients_claim(quick), convex_claim(), rates_claim(quick), tuning_claim(quick), samples_claim(quick)};
}

Suite claims_suite(bool quick) {
  Suite suite{.name = "claims", .about = "What tutorials claim of RMSprop, put to the test", .parts = {}};
  for (const Claim& claim : claims(quick))
    suite.parts.insert(suite.parts.end(), claim.parts.begin(), claim.parts.end());
  return suite;
}

}  // namespace thalweg::lab
