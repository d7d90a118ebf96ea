// Made-up studies for tests of judgements on claims.
#pragma once

#include "study/plan.h"
#include "suites/suite.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab::test {

class MadeStudies {
 public:
  /// Final trials of seeds 1 … `seeds` that end with `accuracy` on the test part, a standard deviation of `spread`
  /// apart; after the first epoch the validation part had `first`. Untuned, optimizers are named with their lr.
  void finals(const std::string& part, const std::string& optimizer, double accuracy, std::uint64_t seeds = 8,
              double spread = 0.001, double first = 0.5, bool tuned = true) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      TrialData& trial = add(part, optimizer, 0.01, TrialRole::final, seed, tuned);
      const double noise = spread * Random(seed, RandomPurpose::test, part + optimizer).normal(0);
      ended(trial, first + noise, accuracy);
      trial.result->test = {{"accuracy", accuracy + noise}, {"loss", 1}};
    }
  }
  /// One tuning trial with these values of the validation part after its first and its last epoch.
  TrialData& tuning(const std::string& part, const std::string& optimizer, double lr, double first, double last) {
    TrialData& trial = add(part, optimizer, lr, TrialRole::tune, 1001, true);
    ended(trial, first, last);
    return trial;
  }
  StudyData& study(const std::string& part) { return studies_[part]; }
  void drop(const std::string& part) { studies_.erase(part); }

  PartStudies all() const {
    PartStudies result;
    for (const auto& [part, study] : studies_) result[part] = &study;
    return result;
  }

  static void diverge(TrialData& trial) {
    trial.epochs.clear();
    trial.result = TrainingResult{.outcome = Outcome::diverged, .reason = "loss is not finite"};
  }
  static void fail(TrialData& trial) {
    trial.status = TrialStatus::failed;
    trial.error = "killed by SIGSEGV";
    trial.result.reset();
    trial.epochs.clear();
  }

 private:
  TrialData& add(const std::string& part, const std::string& optimizer, double lr, TrialRole role, std::uint64_t seed,
                 bool tuned) {
    StudyData& study = studies_[part];
    study.name = part;
    study.kind = "compare";
    TrialData& trial = study.trials.emplace_back();
    trial.id = static_cast<std::int64_t>(study.trials.size());
    CompareConfig config;
    config.tune = tuned;
    trial.optimizer = competitor_name(config, optimizer);
    trial.config.optimizer =
        tuned ? fmt::format("{}{}lr={:g}", optimizer, optimizer.find(':') == optimizer.npos ? ':' : ',', lr)
              : optimizer;
    trial.lr = lr;
    trial.role = role;
    trial.config.seed = seed;
    trial.config.stop.epochs = 2;
    return trial;
  }
  static void ended(TrialData& trial, double first, double last) {
    trial.status = TrialStatus::finished;
    trial.result = TrainingResult{.reason = {}, .epochs = 2, .steps = 20};
    for (std::int64_t epoch = 1; epoch <= 2; ++epoch) {
      EpochRecord record;
      record.epoch = epoch;
      record.step = 10 * epoch;
      record.validation = {{"accuracy", epoch == 1 ? first : last}, {"loss", 1}};
      trial.epochs.push_back(record);
    }
  }

  std::map<std::string, StudyData> studies_;
};

/// All that a judgement says in words.
inline std::string text_of(const Judgement& judgement) { return judgement.sentence + ' ' + judgement.detail; }

inline Claim claim_named(std::string_view name, bool quick = false) {
  const Suite suite = make_suite("claims", quick);
  for (const Claim& claim : suite.claims)
    if (claim.name == name) return claim;
  throw Error(fmt::format("no claim {}", name));
}

}  // namespace thalweg::lab::test
