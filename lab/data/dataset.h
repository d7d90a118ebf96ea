// Dataset: examples with inputs and a target, of whatever format, and how they become batches.
#pragma once

#include "data/input_file.h"
#include "data/table.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace thalweg::lab {

/// What an input is, which decides what models take it.
enum class InputKind {
  image,       ///< real [channels, height, width]
  numbers,     ///< real [columns]
  categories,  ///< codes [columns], each in {0 … sizes[column] − 1}; 0: what the training part does not have
  series,      ///< real [steps, features], in time order
  characters,  ///< codes [length], each in {0 … sizes[0] − 1}; 0: what the training part does not have
  waveform,    ///< real [samples] in [−1, 1): sound, kClipRate (data/clip_dataset.h) samples a second
};

/// `images`, `numbers`, …: for people.
std::string to_string(InputKind kind);

/// One input of every example.
struct Input {
  InputKind kind = InputKind::image;
  std::vector<std::int64_t> shape;     ///< of one example
  std::vector<std::int64_t> sizes{};   ///< of codes: how many there are
  std::vector<std::string> columns{};  ///< names of columns, features or characters; may be empty

  bool is_real() const { return kind != InputKind::categories && kind != InputKind::characters; }
  std::int64_t size() const;  ///< of one example: the product of its shape
};

enum class TargetKind {
  label,       ///< one of `classes`
  number,      ///< a real number
  characters,  ///< at each of `length` positions the character that follows: one of `classes`
};

/// What is to be predicted.
struct Target {
  TargetKind kind = TargetKind::label;
  std::string name{};                      ///< of its column; may be empty
  std::int64_t classes = 0;                ///< of labels and characters
  std::vector<std::string> class_names{};  ///< empty if the format has none
  std::int64_t length = 1;                 ///< targets of one example
  std::string task{};                      ///< by name, where it is not the kind's usual one: rating, ranking
  std::string loss{};                      ///< of the task ranking: bpr, softmax

  /// Of each class a name: its number where it has none.
  std::vector<std::string> names() const;
};

constexpr std::int64_t kMostClasses = 4096;

/// How inputs and targets are scaled: by what the training part has.
struct Scaling {
  std::vector<double> mean{}, deviation{};  ///< of each column or feature; of images one, of pixels scaled to [0, 1]
  std::vector<std::vector<std::int64_t>> known{};  ///< of each column of codes, ascending: those of the training part
  double target_mean = 0, target_deviation = 1;    ///< of numbers

  bool operator==(const Scaling&) const = default;
};

/// Memory for one batch: real numbers or codes, row-major, as many as examples × size.
using Values = std::variant<std::span<float>, std::span<std::int64_t>>;
struct BatchMemory {
  std::vector<Values> inputs;  ///< in the order of Dataset::inputs
  Values target;               ///< codes for labels and characters, scaled real numbers otherwise
};

/// The examples themselves, by index. Any number of threads may read.
class Examples {
 public:
  virtual ~Examples() = default;
  /// Over the training part.
  virtual Scaling measure(std::span<const std::int64_t> training) const = 0;
  /// Fills the memory, which has the right sizes, with these examples, scaled. No allocation.
  virtual void load(std::span<const std::int64_t> examples, const Scaling& scaling,
                    const BatchMemory& memory) const = 0;
  /// The class of an example with a label; 0 for other targets.
  virtual std::int64_t label(std::int64_t example) const = 0;
  /// What it is called among the others, as a file's name; empty where it has no name.
  virtual std::string name(std::int64_t /*example*/) const { return {}; }

  // To find duplicates: of what is stored, before it is scaled.
  /// Of equal inputs, bit for bit, the same.
  virtual std::uint64_t input_hash(std::int64_t example) const = 0;
  virtual bool have_same_inputs(std::int64_t a, std::int64_t b) const = 0;
  virtual bool have_same_target(std::int64_t a, std::int64_t b) const = 0;

  /// Where Dataset::has_histories: of each history's examples among these the last share, to the nearest whole number,
  /// but never all of one. Ascending.
  virtual std::vector<std::int64_t> latest(std::span<const std::int64_t> /*examples*/, double /*share*/) const {
    return {};
  }
};

/// Data with a training and a test part. Copies share the examples.
struct Dataset {       // NOLINT(bugprone-exception-escape): of json, whose moves do not throw
  std::string name;    ///< as given to open_dataset
  std::string origin;  ///< file or folder that it was read from, absolute; empty if generated
  /// What its contents are known by: of the same examples anywhere, the same text.
  std::string fingerprint;
  std::vector<Input> inputs;
  Target target;
  std::vector<std::int64_t> train, test;  ///< indices of the examples of each part, ascending
  bool are_parts_drawn = false;           ///< by split_seed, since the format has no parts
  bool in_order = false;                  ///< examples follow each other in time, so that parts are not drawn
  bool has_histories = false;             ///< examples are users' own, in time: parts are the last of each user's
  std::shared_ptr<const Examples> examples;
  std::vector<std::string> files{};        ///< that it was read from, absolute
  std::vector<std::int64_t> validation{};  ///< those of `train` that the format has validate; empty: they are drawn
  std::shared_ptr<const std::vector<float>> noise{};  ///< of waveforms: what training may mix into them, or null
  std::vector<std::string> notes{};                   ///< what a person should know of how it was read: a line each
  nlohmann::json schema;  ///< by which another file is read as this one was; null where there is none
};

/// What a command line says of data beside their name.
struct DataOptions {                   // NOLINT(bugprone-exception-escape): likewise
  std::string target{};                ///< column of a table that is predicted
  std::string positive{};              ///< of two classes, the one whose probability counts
  std::vector<std::string> columns{};  ///< NAME=numeric, NAME=category, NAME=ignore
  std::int64_t window = 0;             ///< > 0: a table is a series, of which so many rows are an example's input
  std::int64_t horizon = 1;            ///< steps from the window's last row to the target
  double test_fraction = 0;      ///< of data without parts of their own; 0: .2, or the last .1 of what is in order
  std::string test_data{};       ///< data whose examples are the test part
  std::uint64_t split_seed = 0;  ///< chooses the test part
  std::string split{};           ///< of ratings: time, random; empty: by time where there are times
  std::string scale{};           ///< of ratings: LOW,HIGH or LOW,HIGH,STEP; empty: the layout's, if it has one
  std::string duplicates{};      ///< of a user and an item: empty: refused; last, keep
  std::string implicit{};        ///< ratings are choices, ranked by this loss: bpr, softmax; empty: they are numbers
  std::string words{};           ///< of spoken ones those that are told apart, with commas; empty: all
  double clip_seconds = 1;       ///< length of a clip of sound

  // Not of a command line: how a trained model's data are read anew.
  nlohmann::json schema{};   ///< Dataset::schema of the data it was trained on; then all examples are the test part
  bool needs_target = true;  ///< false: targets may be missing, and are 0
  std::uint64_t map_from = kMapFrom;  ///< files of so many bytes are mapped where they can be
  const DataTable* table = nullptr;   ///< what Format::table has read, so that the file is not read again

  bool operator==(const DataOptions&) const = default;
};

/// A kind of data: the registry's entry.
struct Format {
  std::string name;                  ///< `idx`
  std::string argument;              ///< `FOLDER`; empty if it takes none
  std::string meaning;               ///< one line
  std::vector<std::string> options;  ///< those of DataOptions that mean something for it
  Dataset (*open)(const std::string& argument, const DataOptions& options);
  /// Is the argument a file or folder (or a generator's name)?
  bool is_path = true;
  /// Of formats that are tables: the table, as `open` takes it; the target may be missing in the options.
  DataTable (*table)(const std::string& argument, const DataOptions& options) = nullptr;
  /// What --column may make of a column.
  std::vector<std::string> column_kinds{"numeric", "category", "ignore"};
};

/// In the order of `--help`.
const std::vector<Format>& formats();

/// `csv:a.csv` in two.
struct DataSpec {
  const Format* format;
  std::string argument;
};
/// Throws thalweg::Error that names the nearest formats, or what is missing behind the colon.
DataSpec parse_data_spec(const std::string& spec);
/// The text of a specification: `csv:a.csv`.
std::string data_spec(const Format& format, const std::string& argument);

/// Throws thalweg::Error for an option that this format does not take, which names its flag.
void check_data_options(const Format& format, const DataOptions& options);

/// Reads and checks the data completely. Throws thalweg::Error: as parse_data_spec and check_data_options; for missing
/// data with the package or flag that helps; for damaged files with file, offset or line and what was expected.
Dataset open_dataset(const std::string& spec, const DataOptions& options = {});

/// As `--help` shows them: `idx:FOLDER`.
std::vector<std::string> dataset_names();

}  // namespace thalweg::lab
