// The format make: generated data.
#include "data/formats.h"
#include "data/generators.h"
#include "data/ratings_dataset.h"
#include "data/table_dataset.h"

#include <thalweg/error.h>

#include <fmt/format.h>

namespace thalweg::lab {
namespace {

DataTable generated_table(const std::string& text, const DataOptions&) {
  const auto [generator, settings] = parse_generator(text);
  DataTable table = generator->make(settings);
  table.file = "make:" + generator->name;
  return table;
}

Dataset open_ratings(const DataTable& table, const DataOptions& options) {
  RatingsOptions how = ratings_options(options);
  how.duplicates = Duplicates::keep;  // there are none
  return ratings_dataset(
      ratings_of(table, {{"user", "user"}, {"item", "item"}, {"rating", "rating"}, {"time", "time"}}, how), options);
}

Dataset open_generated(const std::string& text, const DataOptions& given) {
  const Generator* const generator = parse_generator(text).generator;
  DataOptions options = given;
  if (generator->format == "ratings") return open_ratings(generated_table(text, given), given);
  const auto refuse = [&](const char* flag, bool is_given) {
    if (is_given)
      throw Error(fmt::format("--{}: means nothing for make:{}, which makes no ratings", flag, generator->name));
  };
  refuse("split", !given.split.empty());
  refuse("implicit", !given.implicit.empty());
  if (options.target.empty()) options.target = generator->target;
  if (options.window == 0) options.window = generator->window;
  return table_dataset(generated_table(text, options), options);
}

}  // namespace

Format make_format() {
  return {.name = "make",
          .argument = "NAME",
          .meaning = "generated: line, spirals, classification, sines, ratings; make:line,rows=500,seed=3",
          .options = {"target", "positive", "window", "horizon", "test_fraction", "split", "implicit"},
          .open = open_generated,
          .is_path = false,
          .table = generated_table};
}

}  // namespace thalweg::lab
