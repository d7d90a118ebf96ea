// The format npy: NumPy arrays of inputs and targets.
#include "data/formats.h"
#include "data/image_dataset.h"
#include "data/npy.h"
#include "data/parts.h"
#include "data/rows.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace thalweg::lab {
namespace {

/// Inputs and targets of one part.
struct Pair {
  NpyArray x, y;
};

std::filesystem::path file_in(const std::filesystem::path& folder, const std::string& name) {
  for (const char* const end : {".npy", ".npy.gz"}) {
    if (std::filesystem::exists(folder / (name + end))) return folder / (name + end);
  }
  throw Error(fmt::format("{}: there is no {}.npy; expected x_train, y_train, x_test and y_test, or x and y",
                          folder.string(), name));
}

Pair read_pair(const std::filesystem::path& folder, const std::string& end, std::uint64_t map_from) {
  Pair pair{read_npy(file_in(folder, "x" + end), map_from), read_npy(file_in(folder, "y" + end), map_from)};
  const auto shape = [](const NpyArray& array) { return fmt::format("({})", fmt::join(array.shape, ", ")); };
  const std::vector<std::int64_t>&x = pair.x.shape, &y = pair.y.shape;
  const bool is_column = y.size() == 1 || (y.size() == 2 && y[1] == 1);
  if (x.size() < 2 || x.size() > 4 || pair.x.count() == 0) {
    throw Error(
        fmt::format("{}: shape {}: expected (rows, columns), (rows, steps, features), or of uint8 (rows, height, "
                    "width) or (rows, height, width, channels)",
                    pair.x.file.string(), shape(pair.x)));
  }
  if (!is_column || y[0] != x[0]) {
    throw Error(fmt::format("{}: shape {}: expected ({},), a target for each of {}'s rows", pair.y.file.string(),
                            shape(pair.y), x[0], pair.x.file.string()));
  }
  return pair;
}

bool is_real(const NpyArray& array) {
  return array.type == NpyType::float16 || array.type == NpyType::float32 || array.type == NpyType::float64;
}

LabelledImages image_set(const Pair& pair, const std::vector<std::int64_t>& labels) {
  LabelledImages set;
  set.owner = pair.x.owner;
  set.pixels = pair.x.bytes;
  set.channels_last = true;
  set.labels.assign(labels.begin(), labels.end());
  set.count = pair.x.shape[0];
  return set;
}

bool is_image(const Pair& pair) {
  const std::vector<std::int64_t>& shape = pair.x.shape;
  return pair.x.type == NpyType::uint8 &&
         (shape.size() == 3 || (shape.size() == 4 && (shape[3] == 1 || shape[3] == 3)));
}

/// As many as the labels show.
std::int64_t classes_of(const NpyArray& y, const std::vector<std::int64_t>& labels) {
  const std::int64_t most = std::ranges::max(labels);
  if (most > 0) return most + 1;
  throw Error(fmt::format("{}: all labels are 0; expected those of at least 2 classes", y.file.string()));
}

Dataset images_of(const Pair& train, const std::optional<Pair>& test) {
  constexpr std::int64_t kMostLabel = 255;
  const std::int64_t channels = train.x.shape.size() == 4 ? train.x.shape[3] : 1;
  const std::vector<std::int64_t> labels = to_integers(train.y, 0, kMostLabel);
  const std::int64_t classes = classes_of(train.y, labels);
  LabelledImages test_set;
  if (test) test_set = image_set(*test, to_integers(test->y, 0, classes - 1));
  return image_dataset(image_set(train, labels), std::move(test_set), {channels, train.x.shape[1], train.x.shape[2]},
                       classes, {});
}

void add_targets(const NpyArray& y, bool labels, Rows& rows, std::int64_t classes) {
  if (labels) {
    const std::vector<std::int64_t> more = to_integers(y, 0, classes - 1);
    rows.labels.insert(rows.labels.end(), more.begin(), more.end());
  } else {
    check_numbers(y, kLargestValue);
    const std::vector<double> more = to_doubles(y);
    rows.numbers.insert(rows.numbers.end(), more.begin(), more.end());
  }
}

Dataset rows_of(const Pair& train, const std::optional<Pair>& test) {
  const std::vector<std::int64_t>& shape = train.x.shape;
  const bool is_series = shape.size() == 3;
  if (shape.size() == 4) {
    throw Error(
        fmt::format("{}: four dimensions are images, and those are uint8 with 1 or 3 channels last; this is {} "
                    "with {}",
                    train.x.file.string(), npy_type_name(train.x.type), shape[3]));
  }
  Rows rows;
  rows.features = shape.back();
  rows.width = is_series ? shape[1] * shape[2] : shape[1];
  const bool labels = !is_real(train.y);
  std::int64_t classes = 0;
  if (labels) classes = classes_of(train.y, to_integers(train.y, 0, kMostClasses - 1));
  for (const Pair* pair : {&train, test ? &*test : nullptr}) {
    if (pair == nullptr) continue;
    rows.count += pair->x.shape[0];
    check_numbers(pair->x, kLargestValue);
    rows.arrays.push_back(pair->x);
    add_targets(pair->y, labels, rows, classes);
  }
  Dataset dataset;
  dataset.inputs = {
      {.kind = is_series ? InputKind::series : InputKind::numbers, .shape = {shape.begin() + 1, shape.end()}}};
  dataset.target = {.kind = labels ? TargetKind::label : TargetKind::number, .name = "y", .classes = classes};
  const std::int64_t tests = test ? test->x.shape[0] : 0;
  give_parts(dataset, rows.count - tests, tests);
  dataset.fingerprint = fingerprint_of(rows, tests);
  dataset.examples = row_examples(std::move(rows));
  return dataset;
}

Dataset open_npy(const std::string& name, const DataOptions& options) {
  const std::filesystem::path folder = name;
  if (!std::filesystem::is_directory(folder)) {
    throw Error(
        fmt::format("npy:{0}: '{0}' is not a folder; expected one with x_train.npy, y_train.npy, x_test.npy and "
                    "y_test.npy, or x.npy and y.npy",
                    name));
  }
  const auto has = [&](const std::string& array) {
    return std::filesystem::exists(folder / (array + ".npy")) || std::filesystem::exists(folder / (array + ".npy.gz"));
  };
  const bool has_parts = !has("x");
  if (!has_parts && has("x_train")) {
    throw Error(fmt::format("{}: has both x and x_train; move those that are not meant elsewhere", name));
  }
  const Pair train = read_pair(folder, has_parts ? "_train" : "", options.map_from);
  std::optional<Pair> test;
  if (has_parts) test = read_pair(folder, "_test", options.map_from);
  const auto tail = [](const Pair& pair) {
    return std::vector<std::int64_t>(pair.x.shape.begin() + 1, pair.x.shape.end());
  };
  if (test && tail(*test) == tail(train) && is_image(*test) != is_image(train)) {
    throw Error(fmt::format("{}: its elements are {}, those of {} are {}; of both, uint8 would be images",
                            test->x.file.string(), npy_type_name(test->x.type), train.x.file.string(),
                            npy_type_name(train.x.type)));
  }
  if (test && tail(*test) != tail(train)) {
    throw Error(fmt::format("{}: its rows are ({}), those of {} are ({})", test->x.file.string(),
                            fmt::join(tail(*test), ", "), train.x.file.string(), fmt::join(tail(train), ", ")));
  }
  Dataset dataset = is_image(train) ? images_of(train, test) : rows_of(train, test);
  dataset.origin = std::filesystem::absolute(folder).lexically_normal().string();
  note_files_below(dataset, dataset.origin);
  if (test) {
    check_no_share(options, name);
  } else {
    divide(dataset, std::move(dataset.train), options, name);
  }
  return dataset;
}

}  // namespace

Format npy_format() {
  return {.name = "npy",
          .argument = "FOLDER",
          .meaning = "arrays: x_train, y_train, x_test, y_test, or x and y; uint8 are images, floats rows or series",
          .options = {"test_fraction"},
          .open = open_npy};
}

}  // namespace thalweg::lab
