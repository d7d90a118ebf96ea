// Prints the tables of docs/statistics.md: how often intervals miss and verdicts are false, in simulated studies.
#include "simulation/candidates.h"
#include "simulation/studies.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace thalweg::lab;
using namespace thalweg::lab::simulation;

constexpr std::size_t kSeeds[] = {8, 10, 12, 16, 20};

std::string share(double value) { return fmt::format(" {:.1f} |", 100 * value); }

std::string head(std::string_view first, std::span<const std::string> columns) {
  std::string line = fmt::format("| {} |", first), rule = "|---|";
  for (const std::string& column : columns) {
    line += fmt::format(" {} |", column);
    rule += "---|";
  }
  return line + "\n" + rule + "\n";
}

std::vector<std::string> seed_columns() {
  std::vector<std::string> columns;
  for (const std::size_t seeds : kSeeds) columns.push_back(fmt::format("{} seeds", seeds));
  return columns;
}

void print(const std::string& text) {
  fmt::print("{}", text);
  std::fflush(stdout);
}

void coverages(std::string_view title, const IntervalOf& interval, bool median, int samples) {
  print(fmt::format("\n{}\n\n{}", title, head("runs", seed_columns())));
  for (const Shape* shape : shapes()) {
    print(fmt::format("| {} |", shape->name));
    for (const std::size_t seeds : kSeeds)
      print(share(coverage(*shape, median ? shape->median : 0, seeds, samples, interval)));
    print("\n");
  }
}

void verdicts(std::string_view title, Arrangement arrangement, std::span<const Shape* const> which, int studies) {
  print(fmt::format("\n{}\n\n{}", title, head("runs, competitors", seed_columns())));
  for (const Shape* shape : which) {
    for (std::size_t competitors = 2; competitors <= 6; ++competitors) {
      print(fmt::format("| {}, {} |", shape->name, competitors));
      for (const std::size_t seeds : kSeeds)
        print(share(false_verdicts(*shape, arrangement, competitors, seeds, studies)));
      print("\n");
    }
  }
}

void looks(int studies) {
  const std::vector<std::string> columns{"8, 12", "8, 12, 16", "8, 10, 12, 14, 16"};
  const std::vector<std::vector<std::size_t>> plans{{8, 12}, {8, 12, 16}, {8, 10, 12, 14, 16}};
  print("\nLooks: any false verdict (%), 4 competitors\n\n" + head("runs, looked at after so many seeds", columns));
  for (const Shape* shape : {&kNormal, &kGamma1}) {
    for (const bool planned : {true, false}) {
      print(fmt::format("| {}, {} |", shape->name, planned ? "planned: 0.05 / K each" : "unplanned: 0.05 each"));
      for (const auto& plan : plans)
        print(share(false_verdicts_in_looks(*shape, 4, plan, planned ? 0.05 / static_cast<double>(plan.size()) : 0.05,
                                            studies)));
      print("\n");
    }
  }
}

void tellings(int studies) {
  const std::vector<std::string> columns{"cannot tell",
                                         "would take: 25th percentile",
                                         "median",
                                         "75th percentile",
                                         "needed in truth",
                                         "more than 1000 (of the open)",
                                         "told, when done so"};
  print("\nSeeds that would tell, after 8 seeds of 2 competitors (%)\n\n" +
        head("runs, true difference in sd of the differences", columns));
  const auto seeds_text = [](double seeds) {
    return std::isinf(seeds) ? std::string(" over 1000 |") : fmt::format(" {:.0f} |", seeds);
  };
  for (const Shape* shape : {&kNormal, &kGamma1, &kExponential, &kLognormal4}) {
    for (const double effect : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) {
      const Telling found = telling(*shape, effect, 8, studies);
      const Comparison truth{
          .seeds = 8, .difference = effect, .sd = 1, .interval = {}, .level = 0.95, .verdict = Verdict::no_difference};
      const auto needed = seeds_to_tell(truth);
      print(fmt::format("| {}, {:g} |", shape->name, effect) + share(found.open) + seeds_text(found.low) +
            seeds_text(found.middle) + seeds_text(found.high) + (needed ? fmt::format(" {} |", *needed) : " – |") +
            share(found.too_many) + share(found.told) + "\n");
    }
  }
}

void candidates(int studies) {
  const Bootstrap bootstrap(8);
  const auto by = [&](auto method) {
    return IntervalOf([&bootstrap, method](std::span<const double> values, double level) {
      return (bootstrap.*method)(values, level);
    });
  };
  struct Candidate {
    const char* name;
    IntervalOf interval;
    Judge judge;
  };
  std::vector<Candidate> all{{"Student's t, Bonferroni (taken)", mean_interval, false_verdict},
                             {"Student's t, Holm", mean_interval, holm},
                             {"Johnson's modified t", johnson, bonferroni(johnson)}};
  for (const auto& [name, interval] :
       {std::pair{"bootstrap, expanded percentile", by(&Bootstrap::expanded_percentile)},
        std::pair{"bootstrap, BCa", by(&Bootstrap::bca)}, std::pair{"bootstrap-t", by(&Bootstrap::bootstrap_t)}})
    all.push_back({name, interval, bonferroni(interval)});
  std::vector<std::string> columns;
  for (const Shape* shape : {&kNormal, &kGamma1, &kExponential}) {
    columns.push_back(fmt::format("covers: {}", shape->name));
    for (const int competitors : {2, 4, 6}) columns.push_back(fmt::format("false: {}, {}", shape->name, competitors));
  }
  print("\nCandidates at 8 seeds: coverage of single intervals, false verdicts of so many competitors (%)\n\n" +
        head("interval", columns));
  for (const Candidate& candidate : all) {
    print(fmt::format("| {} |", candidate.name));
    for (const Shape* shape : {&kNormal, &kGamma1, &kExponential}) {
      print(share(coverage(*shape, 0, 8, studies, candidate.interval)));
      for (const std::size_t competitors : {2, 4, 6})
        print(share(false_verdicts(*shape, Arrangement::alike, competitors, 8, studies, candidate.judge)));
    }
    print("\n");
  }
  std::map<std::size_t, Bootstrap> resamples;
  for (const std::size_t seeds : kSeeds) resamples.emplace(seeds, Bootstrap(seeds, 1'000));
  const IntervalOf percentile = [&](std::span<const double> values, double level) {
    return resamples.at(values.size()).median(values, level);
  };
  coverages("Bands: coverage of the bootstrap's percentile interval of the median (%)", percentile, true, studies);
}

}  // namespace

int main(int count, char** arguments) try {
  int studies = 20'000;
  const std::string_view text = count > 1 ? arguments[1] : "20000";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), studies);
  if (count > 2 || error != std::errc() || end != text.data() + text.size() || studies < 20) {
    fmt::print(stderr, "usage: simulation [STUDIES]   (of each setting, at least 20; 20000 by default)\n");
    return 2;
  }
  print(fmt::format(
      "{} studies of each setting, the seeds that would tell with a quarter of it, the candidates with a tenth\n",
      studies));
  const std::vector<const Shape*> mild{&kNormal, &kGamma1, &kLognormal1},
      worse{&kExponential, &kLognormal4, &kOutliers};
  coverages("Means: coverage of single 95 % intervals (%)", mean_interval, false, studies);
  verdicts("Verdicts: studies with any false one (%), all competitors alike", Arrangement::alike, mild, studies);
  verdicts("The same, worse shapes", Arrangement::alike, worse, studies);
  verdicts("The same, the first competitor's spread four times the others'", Arrangement::spread, mild, studies);
  const std::vector<const Shape*> skewed{&kGamma1, &kExponential};
  verdicts("The same, every second competitor mirrored", Arrangement::mirrored, skewed, studies);
  looks(studies);
  tellings(studies / 4);
  coverages("Bands: coverage of the 95 % interval of the median (%)", median_interval, true, studies);
  candidates(studies / 10);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return 1;
}
