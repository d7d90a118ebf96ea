// thalweg data: what data sets there are, and what is in one of them.
#include "commands/commands.h"
#include "commands/exit.h"
#include "data/dataset.h"
#include "output/output.h"
#include "output/table.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <numeric>

namespace thalweg::lab {
namespace {

constexpr const char* kFooter = R"(
Examples:
  thalweg data                             what there is
  thalweg data info fashion-mnist
  thalweg data info idx:/data/mnist --json)";

constexpr const char* kInfoFooter = R"(
Examples:
  thalweg data info fashion-mnist
  thalweg data info idx:/data/mnist --json)";

std::vector<std::int64_t> class_counts(const Dataset& dataset, const ImageSet& set) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(dataset.classes));
  for (const std::uint8_t label : set.labels) ++counts[label];
  return counts;
}

Normalisation measure_all(const Dataset& dataset, const ImageSet& set) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(set.count));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return measure(dataset, set, all);
}

nlohmann::json to_json(const Dataset& dataset) {
  const auto part = [&](const ImageSet& set) -> nlohmann::json {
    const Normalisation measured = measure_all(dataset, set);
    return {{"images", set.count},
            {"class_counts", class_counts(dataset, set)},
            {"mean", measured.mean},
            {"deviation", measured.deviation}};
  };
  return {{"name", dataset.name},
          {"origin", dataset.origin},
          {"channels", dataset.channels},
          {"height", dataset.height},
          {"width", dataset.width},
          {"classes", dataset.classes},
          {"class_names", dataset.class_names},
          {"train", part(dataset.train)},
          {"test", part(dataset.test)}};
}

void print_info(const Dataset& dataset) {
  print("{}: {} classes, images of {} × {} pixels, {} channel{}\nin {}\n\n", dataset.name, dataset.classes,
        dataset.height, dataset.width, dataset.channels, dataset.channels == 1 ? "" : "s", dataset.origin);
  Table parts({"part", "images", "mean", "deviation"}, {false, true, true, true});
  for (const auto& [name, set] : {std::pair{"training", &dataset.train}, std::pair{"test", &dataset.test}}) {
    const Normalisation measured = measure_all(dataset, *set);
    parts.add({name, fmt::format("{}", set->count), fmt::format("{:.4f}", measured.mean),
               fmt::format("{:.4f}", measured.deviation)});
  }
  print_lines(parts.text(output_columns()) + '\n');
  const auto train = class_counts(dataset, dataset.train), test = class_counts(dataset, dataset.test);
  Table classes({"class", "name", "training", "share", "test", "share"}, {true, false, true, true, true, true});
  for (std::size_t i = 0; i < train.size(); ++i) {
    const auto share = [](std::int64_t count, std::int64_t all) {
      return fmt::format("{:.1f} %", 100 * static_cast<double>(count) / static_cast<double>(all));
    };
    classes.add({fmt::format("{}", i), i < dataset.class_names.size() ? dataset.class_names[i] : "",
                 fmt::format("{}", train[i]), share(train[i], dataset.train.count), fmt::format("{}", test[i]),
                 share(test[i], dataset.test.count)});
  }
  print_lines(classes.text(output_columns()) + "\nMean and deviation are of pixels scaled to [0, 1].\n");
}

void print_names(bool json) {
  if (json) {
    print_json(nlohmann::json(dataset_names()));
    return;
  }
  Table table({"data set", "what it is"});
  table.add({"fashion-mnist", "70,000 images of clothes, 10 classes; Debian's package dataset-fashion-mnist"});
  table.add({"idx:FOLDER", "files named as MNIST's: {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or .gz"});
  print_lines(table.text(output_columns()) + "\n`thalweg data info NAME` tells what is in one.\n");
}

bool is_known(const std::string& spec) {
  const std::vector<std::string> names = dataset_names();
  return spec.starts_with("idx:") || std::find(names.begin(), names.end(), spec) != names.end();
}

}  // namespace

void add_data(CLI::App& app) {
  CLI::App* command = app.add_subcommand("data", "List the data sets, or tell what is in one of them");
  command->footer(kFooter);
  struct Flags {
    std::string spec;
    bool json = false, info_json = false;
  };
  auto flags = std::make_shared<Flags>();
  command->add_flag("--json", flags->json, "Print JSON");
  CLI::App* info = command->add_subcommand("info", "Counts, shape, class balance, mean and deviation");
  info->footer(kInfoFooter);
  info->add_option("DATA", flags->spec, "fashion-mnist, or idx:FOLDER")->required();
  info->add_flag("--json", flags->info_json, "Print JSON");
  info->callback([flags] {
    // An unknown name is a wrong command line, damaged files are a failed job.
    const Dataset dataset =
        is_known(flags->spec) ? open_dataset(flags->spec) : as_usage([&] { return open_dataset(flags->spec); });
    if (flags->json || flags->info_json) {
      print_json(to_json(dataset));
    } else {
      print_info(dataset);
    }
  });
  command->callback([command, flags] {
    if (command->get_subcommands().empty()) print_names(flags->json);
  });
}

}  // namespace thalweg::lab
