// Recording: reads a recorded run and checks that it makes sense.
#include "replay/recording.h"

#include "json_text.h"

#include <thalweg/error.h>
#include <thalweg/rule.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

namespace thalweg::lab {

using nlohmann::json;

RecordingReader::RecordingReader(const json& object, std::string where)
    : object_(object), where_(std::move(where)), id_(where_) {
  if (!object_.is_object()) fail("a case is an object");
  if (const json* id = find("id")) {
    id_ = text(*id, "id");
    where_ += fmt::format(", \"{}\"", id_);
  }
}

void RecordingReader::fail(const std::string& what) const { throw Error(fmt::format("{}: {}", where_, what)); }

const json* RecordingReader::find(const char* key) const {
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

const json& RecordingReader::required(const char* key) const {
  const json* found = find(key);
  if (found == nullptr) fail(fmt::format("the key \"{}\" is missing", key));
  return *found;
}

std::string RecordingReader::text(const json& value, std::string_view key) const {
  if (!value.is_string()) fail(fmt::format("{} is {}, expected text", key, excerpt(value)));
  return value.get<std::string>();
}

bool RecordingReader::is_float64(const json& dtype) const {
  const std::string name = text(dtype, "dtype");
  if (name != "float32" && name != "float64") fail(fmt::format("dtype is \"{}\", expected float32 or float64", name));
  return name == "float64";
}

Recording RecordingReader::read_run(const std::function<void(double)>& check_lr) const {
  Recording result;
  result.id = id_;
  result.start = numbers(required("theta0"), "theta0");
  if (result.start.empty()) fail("theta0 has no numbers");
  read_splits(result);
  read_names(result);
  read_shapes(result);
  read_gradients(result);
  read_sparse_rows(result);
  read_rates(result, check_lr);
  read_losses(result);
  read_expected(result);
  read_rtol(result);
  return result;
}

const json& RecordingReader::list(const json& value, const std::string& key) const {
  if (!value.is_array()) fail(fmt::format("{} is no list", key));
  return value;
}

std::vector<double> RecordingReader::numbers(const json& value, const std::string& key) const {
  std::vector<double> result;
  for (const json& number : list(value, key)) {
    if (!number.is_number()) fail(fmt::format("{}[{}] is {}, expected a number", key, result.size(), excerpt(number)));
    result.push_back(number.get<double>());
  }
  return result;
}

std::vector<double> RecordingReader::as_many(const json& value, const std::string& key, std::size_t count) const {
  std::vector<double> result = numbers(value, key);
  if (result.size() != count) fail(fmt::format("{} has {} numbers, theta0 {}", key, result.size(), count));
  return result;
}

std::int64_t RecordingReader::whole(const json& value, const std::string& key, std::int64_t least,
                                    std::int64_t most) const {
  const bool fits = value.is_number_integer() && value.get<double>() >= static_cast<double>(least) &&
                    value.get<double>() <= static_cast<double>(most);
  if (!fits) fail(fmt::format("{} is {}, expected a whole number from {} to {}", key, excerpt(value), least, most));
  return value.get<std::int64_t>();
}

void RecordingReader::read_gradients(Recording& result) const {
  for (const json& step : list(required("grads"), "grads")) {
    std::optional<std::vector<double>>& gradient = result.gradients.emplace_back();
    result.without.emplace_back();
    if (step.is_null()) continue;
    const std::string key = fmt::format("grads[{}]", result.gradients.size() - 1);
    const bool is_partial = std::ranges::any_of(list(step, key), [](const json& number) { return number.is_null(); });
    if (is_partial) {
      read_partial_gradient(result, step, key);
    } else {
      gradient = as_many(step, key, result.start.size());
    }
  }
}

void RecordingReader::read_partial_gradient(Recording& result, const json& step, const std::string& key) const {
  json filled = step;
  for (json& number : filled) {
    if (number.is_null()) number = 0.0;
  }
  std::vector<double> gradient = as_many(filled, key, result.start.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < result.parameters.size(); begin += result.parameters[i++]) {
    const auto first = step.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto nulls = static_cast<std::size_t>(
        std::count(first, first + static_cast<std::ptrdiff_t>(result.parameters[i]), json(nullptr)));
    if (nulls == 0) continue;
    if (nulls < result.parameters[i]) {
      fail(
          fmt::format("{} has null for some numbers of a parameter only ({} of those from {} to {}); a parameter has a "
                      "gradient or none, and splits tells the parameters",
                      key, nulls, begin, begin + result.parameters[i] - 1));
    }
    result.without.back().push_back(i);
  }
  if (result.without.back().size() == result.parameters.size()) {
    result.without.back().clear();  // none has one
  } else {
    result.gradients.back() = std::move(gradient);
  }
}

void RecordingReader::read_splits(Recording& result) const {
  const json* found = find("splits");
  if (found == nullptr) {
    result.parameters = {result.start.size()};
    return;
  }
  const auto most = static_cast<std::int64_t>(result.start.size());
  for (const json& length : list(*found, "splits")) {
    result.parameters.push_back(static_cast<std::size_t>(whole(length, "a length of splits", 1, most)));
  }
  const std::size_t sum = std::accumulate(result.parameters.begin(), result.parameters.end(), std::size_t{0});
  if (sum != result.start.size()) fail(fmt::format("splits sum to {}, theta0 has {} numbers", sum, most));
}

Shape RecordingReader::shape(const json& value, const std::string& key, const std::string& what,
                             std::size_t count) const {
  const auto most = static_cast<std::int64_t>(count);
  Shape result;
  std::int64_t product = 1;
  for (const json& size : list(value, key)) {
    result.sizes.push_back(whole(size, fmt::format("{}[{}]", key, result.sizes.size()), 1, most));
    product *= result.sizes.back();
    if (product > most) break;  // before it overflows
  }
  if (product != most) fail(fmt::format("{} is {}, {} has {} numbers", key, excerpt(value), what, count));
  return result;
}

void RecordingReader::read_names(Recording& result) const {
  const json* names = find("names");
  if (names == nullptr) {
    for (std::size_t i = 0; i < result.parameters.size(); ++i) result.names.push_back(fmt::format("theta{}", i));
    return;
  }
  for (const json& name : list(*names, "names")) {
    result.names.push_back(text(name, "a name of names"));
    if (result.names.back().empty()) fail("names has an empty name");
    if (std::ranges::count(result.names, result.names.back()) > 1) {
      fail(fmt::format("names has {} twice", excerpt(name)));
    }
  }
  if (result.names.size() != result.parameters.size()) {
    fail(fmt::format("names has {} names, the case has {} parameters", result.names.size(), result.parameters.size()));
  }
}

void RecordingReader::read_shapes(Recording& result) const {
  if (const json* shapes = find("shapes")) {
    if (list(*shapes, "shapes").size() != result.parameters.size()) {
      fail(fmt::format("shapes has {} entries, expected {}: one for each parameter", shapes->size(),
                       result.parameters.size()));
    }
    for (std::size_t i = 0; i < result.parameters.size(); ++i) {
      result.shapes.push_back(shape((*shapes)[i], fmt::format("shapes[{}]", i), "the parameter", result.parameters[i]));
    }
    return;
  }
  for (const std::size_t length : result.parameters) result.shapes.push_back({static_cast<std::int64_t>(length)});
  const json* table = find("shape");
  if (table == nullptr) return;
  const Shape whole = shape(*table, "shape", "theta0", result.start.size());
  if (whole.sizes.size() != 2) fail(fmt::format("shape is {}, expected [rows, columns]", excerpt(*table)));
  if (result.parameters.size() == 1) result.shapes = {whole};
}

void RecordingReader::read_sparse_rows(Recording& result) const {
  const json* rows = find("sparse_rows");
  if (rows == nullptr) return;
  if (result.parameters.size() > 1) fail("sparse_rows and splits exclude each other");
  const std::vector<std::int64_t>& sizes = result.shapes.front().sizes;
  if (sizes.size() != 2) fail("sparse_rows needs shape, [rows, columns]");
  const std::int64_t height = sizes[0];
  result.row_width = static_cast<std::size_t>(sizes[1]);
  for (const json& touched : list(*rows, "sparse_rows")) {
    std::set<std::int64_t> unique;
    for (const json& row : list(touched, "sparse_rows")) unique.insert(whole(row, "a row", 0, height - 1));
    result.rows.emplace_back(unique.begin(), unique.end());
  }
  if (result.rows.size() != result.gradients.size()) {
    fail(fmt::format("sparse_rows has {} steps, grads {}", result.rows.size(), result.gradients.size()));
  }
  check_untouched_rows_are_zero(result);
}

void RecordingReader::check_untouched_rows_are_zero(const Recording& result) const {
  for (std::size_t step = 0; step < result.rows.size(); ++step) {
    if (!result.gradients[step]) continue;
    for (std::size_t i = 0; i < result.start.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i / result.row_width);
      if ((*result.gradients[step])[i] != 0 && !std::ranges::binary_search(result.rows[step], row)) {
        fail(fmt::format("grads[{}][{}] is not 0, but sparse_rows[{}] does not name row {}", step, i, step, row));
      }
    }
  }
}

void RecordingReader::read_rates(Recording& result, const std::function<void(double)>& check_lr) const {
  const json* found = find("lr_schedule");
  if (found == nullptr) return;
  for (const json& entry : list(*found, "lr_schedule")) {
    if (!entry.is_array() || entry.size() != 2 || !entry[1].is_number()) {
      fail(fmt::format("lr_schedule has {}, expected [first step, lr]", excerpt(entry)));
    }
    const std::int64_t step = whole(entry[0], "a first step of lr_schedule", 0, std::numeric_limits<int>::max());
    const double lr = entry[1].get<double>();
    try {
      check_lr(lr);
    } catch (const Error& error) {
      fail(fmt::format("lr_schedule: {}", error.what()));
    }
    // Step 0 is before all of them, as step 1 is.
    if (!result.lrs.emplace(std::max<std::int64_t>(step, 1), lr).second) {
      fail(fmt::format("lr_schedule names step {} twice", step));
    }
  }
}

void RecordingReader::read_losses(Recording& result) const {
  const json* found = find("losses");
  if (found == nullptr) return;
  for (const json& loss : list(*found, "losses")) {
    if (!loss.is_number() && !loss.is_null()) {
      fail(fmt::format("losses[{}] is {}, expected a number, or null where the step has none", result.losses.size(),
                       excerpt(loss)));
    }
    result.losses.push_back(loss.is_null() ? std::nullopt : std::optional(loss.get<double>()));
  }
  if (result.losses.size() != result.gradients.size()) {
    fail(fmt::format("losses has {} steps, grads {}", result.losses.size(), result.gradients.size()));
  }
}

void RecordingReader::read_rtol(Recording& result) const {
  const json* found = find("rtol");
  if (found == nullptr) return;
  if (!found->is_number() || !at_least(0).contains(found->get<double>())) {
    fail(fmt::format("rtol is {}, expected a number in {}", excerpt(*found), at_least(0).text()));
  }
  result.rtol = found->get<double>();
}

void RecordingReader::read_expected(Recording& result) const {
  const json* found = find("theta");
  if (found == nullptr) return;
  if (!found->is_object()) fail("theta is no object from step number to numbers");
  for (const auto& [key, value] : found->items()) {
    std::int64_t step = 0;
    const char* const end = key.data() + key.size();
    const auto [after, error] = std::from_chars(key.data(), end, step);
    if (error != std::errc() || after != end || step < 0 || step > std::ssize(result.gradients)) {
      fail(fmt::format("theta has \"{}\", expected a step from 0 to {}", key, std::ssize(result.gradients)));
    }
    result.expected[step] = as_many(value, fmt::format("theta[\"{}\"]", key), result.start.size());
  }
}

void for_each_case(const std::filesystem::path& file,
                   const std::function<void(const json&, const std::string&)>& read) {
  json all = read_json_file(file, NotFinite::read);
  if (!all.is_array()) all = json::array({std::move(all)});
  if (all.empty()) throw Error(fmt::format("{}: is an empty list, with no recorded run to look at", file.string()));
  for (std::size_t i = 0; i < all.size(); ++i) read(all[i], fmt::format("{}: case {}", file.string(), i + 1));
}

}  // namespace thalweg::lab
