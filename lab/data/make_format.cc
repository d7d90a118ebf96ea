// The format make: generated data.
#include "data/formats.h"
#include "data/generators.h"
#include "data/table_dataset.h"

namespace thalweg::lab {
namespace {

DataTable generated_table(const std::string& text, const DataOptions&) {
  const auto [generator, settings] = parse_generator(text);
  DataTable table = generator->make(settings);
  table.file = "make:" + generator->name;
  return table;
}

Dataset open_generated(const std::string& text, const DataOptions& given) {
  const Generator* const generator = parse_generator(text).generator;
  DataOptions options = given;
  if (options.target.empty()) options.target = generator->target;
  if (options.window == 0) options.window = generator->window;
  return table_dataset(generated_table(text, options), options);
}

}  // namespace

Format make_format() {
  return {.name = "make",
          .argument = "NAME",
          .meaning = "generated: line, spirals, classification, sines; make:line,rows=500,seed=3",
          .options = {"target", "positive", "window", "horizon", "test_fraction"},
          .open = open_generated,
          .is_path = false,
          .table = generated_table};
}

}  // namespace thalweg::lab
