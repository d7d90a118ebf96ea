// The format make: generated data.
#include "data/formats.h"
#include "data/generators.h"
#include "data/table_dataset.h"

namespace thalweg::lab {
namespace {

Dataset open_generated(const std::string& text, const DataOptions& given) {
  const auto [generator, settings] = parse_generator(text);
  DataOptions options = given;
  if (options.target.empty()) options.target = generator->target;
  if (options.window == 0) options.window = generator->window;
  Table table = generator->make(settings);
  table.file = "make:" + generator->name;
  return table_dataset(table, options);
}

}  // namespace

Format make_format() {
  return {.name = "make",
          .argument = "NAME",
          .meaning = "generated: line, spirals, classification, sines; make:line,rows=500,seed=3",
          .options = {"target", "positive", "window", "horizon", "test_fraction"},
          .open = open_generated,
          .is_path = false};
}

}  // namespace thalweg::lab
