// Recording: a run of some optimizer, as the files of `thalweg replay` and `thalweg identify` tell it.
#pragma once

#include <thalweg/shape.h>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// What a run began with, what it was given, and what came out.
struct Recording {
  std::string id;
  bool is_float64 = true;
  std::vector<double> start;
  std::vector<std::size_t> parameters;  ///< lengths of the parameters that `start` is made of, one after another
  std::vector<std::string> names;       ///< of the parameters: theta0, theta1, … where nothing is said
  std::vector<Shape> shapes;            ///< of the parameters: a vector where nothing is said
  /// n numbers a step; none where the step has no gradient.
  std::vector<std::optional<std::vector<double>>> gradients;
  /// Of each step the parameters, by their number, that have no gradient where others have one: 0 stands there.
  std::vector<std::vector<std::size_t>> without;
  /// With sparse steps: the table's width, and the rows that each step touches.
  std::size_t row_width = 0;
  std::vector<std::vector<std::int64_t>> rows;
  std::map<std::int64_t, double> lrs;                    ///< new from this step (counted from 1) on
  std::vector<std::optional<double>> losses;             ///< of each step; empty if the file has none
  std::map<std::int64_t, std::vector<double>> expected;  ///< all numbers after this step
  std::optional<double> rtol;                            ///< the relative error that this run allows, where it says so
};

/// Reads what every recorded case has. All throw thalweg::Error that names file, case and key: a key that is missing,
/// of the wrong type or length, or that contradicts another, a step that is none.
class RecordingReader {
 public:
  /// `where` is file and case, in front of every error. `object` must live as long as the reader.
  RecordingReader(const nlohmann::json& object, std::string where);

 protected:
  [[noreturn]] void fail(const std::string& what) const;

  /// The value under this key, or nullptr.
  const nlohmann::json* find(const char* key) const;
  const nlohmann::json& required(const char* key) const;
  std::string text(const nlohmann::json& value, std::string_view key) const;
  /// `float32` or `float64`.
  bool is_float64(const nlohmann::json& dtype) const;

  std::vector<double> as_many(const nlohmann::json& value, const std::string& key, std::size_t count) const;

  /// All but `dtype`. `check_lr` throws Error for a learning rate that is not allowed.
  Recording read_run(const std::function<void(double)>& check_lr) const;

 private:
  const nlohmann::json& list(const nlohmann::json& value, const std::string& key) const;
  std::vector<double> numbers(const nlohmann::json& value, const std::string& key) const;
  std::int64_t whole(const nlohmann::json& value, const std::string& key, std::int64_t least, std::int64_t most) const;

  void read_splits(Recording& result) const;
  void read_names(Recording& result) const;
  void read_shapes(Recording& result) const;
  Shape shape(const nlohmann::json& value, const std::string& key, const std::string& what, std::size_t count) const;
  void read_gradients(Recording& result) const;
  void read_partial_gradient(Recording& result, const nlohmann::json& step, const std::string& key) const;
  void read_sparse_rows(Recording& result) const;
  void check_untouched_rows_are_zero(const Recording& result) const;
  void read_rates(Recording& result, const std::function<void(double)>& check_lr) const;
  void read_losses(Recording& result) const;
  void read_rtol(Recording& result) const;
  void read_expected(Recording& result) const;

  const nlohmann::json& object_;
  std::string where_, id_;
};

/// Calls `read` with each case of a file, one object or a list of them, and with the text that says where it is. Throws
/// Error if the file cannot be read or is not JSON.
void for_each_case(const std::filesystem::path& file,
                   const std::function<void(const nlohmann::json&, const std::string&)>& read);

}  // namespace thalweg::lab
