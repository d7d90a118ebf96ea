// What samplers find of functions with known optima: bench_search MODE …. bench/search compares TPE with Optuna's.
//
//   list                               the functions' names
//   points COUNT                       random points and their values, for a check of search_peer.py
//   run SAMPLER FIRST COUNT FUNCTION…  each seed's regret after 100 trials: the least value less the optimum
#include "search/sampler.h"
#include "search_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <limits>
#include <stdexcept>

namespace {

using namespace thalweg::lab;
using thalweg::bench::search_functions;
using thalweg::bench::SearchFunction;

constexpr std::int64_t kTrials = 100;
constexpr std::int64_t kLag = 8;  // trial n is proposed by what trials up to n − 8 have given

double regret(const SearchFunction& function, const std::string& name, std::uint64_t seed) {
  const SearchSpace space = parse_space(function.ranges);
  const auto sampler = make_sampler(space, {name, seed, kTrials});
  std::vector<Seen> seen;
  double least = std::numeric_limits<double>::infinity();
  for (std::int64_t number = 0; number < kTrials; ++number) {
    const std::size_t known = static_cast<std::size_t>(std::max<std::int64_t>(0, number - kLag + 1));
    const Point point = sampler->propose(number, std::span(seen).first(known));
    seen.push_back({number, point, function.value(space.parameters(point))});
    least = std::min(least, *seen.back().value);
  }
  return least - function.optimum;
}

void print_points(const SearchFunction& function, std::int64_t count) {
  const SearchSpace space = parse_space(function.ranges);
  const auto sampler = make_sampler(space, {"random", 1, count});
  for (std::int64_t i = 0; i < count; ++i) {
    const nlohmann::json parameters = space.parameters(sampler->propose(i, {}));
    const nlohmann::json line = {
        {"function", function.name}, {"parameters", parameters}, {"value", function.value(parameters)}};
    fmt::print("{}\n", line.dump());
  }
}

const SearchFunction& function_named(const std::string& name) {
  for (const SearchFunction& function : search_functions()) {
    if (function.name == name) return function;
  }
  throw std::invalid_argument("unknown function " + name);
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  try {
    if (arguments.size() == 1 && arguments[0] == "list") {
      for (const SearchFunction& function : search_functions()) fmt::print("{}\n", function.name);
    } else if (arguments.size() == 2 && arguments[0] == "points") {
      for (const SearchFunction& function : search_functions()) print_points(function, std::stoll(arguments[1]));
    } else if (arguments.size() > 4 && arguments[0] == "run") {
      const std::uint64_t first = std::stoull(arguments[2]), seeds = std::stoull(arguments[3]);
      for (std::size_t i = 4; i < arguments.size(); ++i) {
        const SearchFunction& function = function_named(arguments[i]);
        for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
          fmt::print("{{\"function\": \"{}\", \"seed\": {}, \"regret\": {}}}\n", function.name, seed,
                     regret(function, arguments[1], seed));
        }
      }
    } else {
      fmt::print(stderr, "usage: {} list | points COUNT | run SAMPLER FIRST COUNT FUNCTION…\n", words[0]);
      return 2;
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
  return 0;
}
