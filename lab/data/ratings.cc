// Ratings: what the fields of a file of ratings mean, and what is wrong with them.
#include "data/ratings.h"

#include "data/csv.h"
#include "data/csv_layout.h"
#include "data/text_bytes.h"
#include "data/value_text.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr const char* kRoles[] = {"user", "item", "rating", "time"};

// Far inside of what a float holds, so that sums of squares are too.
constexpr double kMostRating = 1e15;

/// Names that headers give the columns, without case, spaces, _ and -.
struct Alias {
  const char* name;
  const char* role;
};
constexpr std::array kAliases{Alias{"user", "user"},      Alias{"userid", "user"},     Alias{"uid", "user"},
                              Alias{"customer", "user"},  Alias{"customerid", "user"}, Alias{"reviewerid", "user"},
                              Alias{"item", "item"},      Alias{"itemid", "item"},     Alias{"iid", "item"},
                              Alias{"movie", "item"},     Alias{"movieid", "item"},    Alias{"product", "item"},
                              Alias{"productid", "item"}, Alias{"book", "item"},       Alias{"bookid", "item"},
                              Alias{"isbn", "item"},      Alias{"trackid", "item"},    Alias{"artistid", "item"},
                              Alias{"rating", "rating"},  Alias{"ratings", "rating"},  Alias{"bookrating", "rating"},
                              Alias{"score", "rating"},   Alias{"stars", "rating"},    Alias{"time", "time"},
                              Alias{"timestamp", "time"}, Alias{"unixtime", "time"},   Alias{"unixreviewtime", "time"}};

std::string role_of(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '-') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  const auto found = std::ranges::find(kAliases, std::string_view(plain), &Alias::name);
  return found == kAliases.end() ? "" : found->role;
}

/// How a text is written.
struct Layout {
  std::string text;  ///< with tabs for `::`; empty: as it is
  CsvLayout csv;
  std::map<std::string, std::string> columns;  ///< names by role
  std::optional<RatingScale> scale;
  std::string name{};  ///< of a layout that is known
};

std::string_view first_line(const TextBytes& text) {
  const char* begin = text.begin();
  while (begin < text.end() && (*begin == '\n' || *begin == '\r')) ++begin;
  return {begin, static_cast<std::size_t>(std::find(begin, text.end(), '\n') - begin)};
}

std::string with_tabs(const TextBytes& text) {
  std::string result;
  result.reserve(text.size());
  for (const char* at = text.begin(); at < text.end(); ++at) {
    const bool is_double = *at == ':' && at + 1 < text.end() && at[1] == ':';
    result += is_double ? '\t' : *at;
    if (is_double) ++at;
  }
  return result;
}

void name_columns(const TextBytes& text, const RatingsOptions& options, Layout& layout) {
  const std::vector<std::string>& names = layout.csv.names;
  const auto names_text = [&] {
    std::vector<std::string> all;
    for (const std::string& name : names) all.push_back(shown(name));
    if (all.size() > 10) all.resize(10), all.emplace_back("…");
    return fmt::format("{}", fmt::join(all, ", "));
  };
  for (const auto& [role, name] : options.columns) {
    if (std::ranges::find(names, name) == names.end()) {
      text.fail(text.begin(),
                fmt::format("there is no column {} for {}; the columns are {}", shown(name), role, names_text()));
    }
    layout.columns[role] = name;
  }
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::any_of(layout.columns, [&](const auto& each) { return each.second == name; });
  };
  if (layout.csv.header) {
    for (const std::string& name : names) {
      const std::string role = role_of(name);
      if (role.empty() || is_taken(name) || options.columns.contains(role)) continue;
      const auto [place, is_new] = layout.columns.try_emplace(role, name);
      if (!is_new) {
        text.fail(text.begin(), fmt::format("both {} and {} may be the {}; --column NAME={} says which is",
                                            shown(place->second), shown(name), role, role));
      }
    }
  } else if (options.columns.empty()) {
    if (names.size() > 4) {
      text.fail(
          text.begin(),
          fmt::format("there are {} columns and no header; expected user, item, rating and time at most, or which "
                      "is which: --column c1=user --column c2=item",
                      names.size()));
    }
    for (std::size_t i = 0; i < names.size(); ++i) layout.columns[kRoles[i]] = names[i];
  }
  for (const char* const role : kRoles) {
    const bool is_needed = role == std::string_view("user") || role == std::string_view("item") ||
                           (role == std::string_view("rating") && options.needs_ratings);
    if (!is_needed || layout.columns.contains(role)) continue;
    text.fail(text.begin(),
              fmt::format("there is no column of {}s; the columns are {}; --column NAME={} says which it is{}", role,
                          names_text(), role,
                          role == std::string_view("rating") ? ", and --implicit takes rows without ratings" : ""));
  }
}

bool is_movielens_header(const std::vector<std::string>& names) {
  return names == std::vector<std::string>{"userId", "movieId", "rating", "timestamp"};
}

Layout layout_of(const TextBytes& text, const RatingsOptions& options) {
  Layout layout;
  const std::string_view line = first_line(text);
  const bool is_double =
      line.find("::") != std::string_view::npos && line.find_first_of("\t,;|") == std::string_view::npos;
  CsvOptions csv;
  if (is_double) {
    layout.text = with_tabs(text);
    csv.separator = '\t';
    layout.csv = csv_layout(TextBytes(layout.text, text.name()), csv);
  } else {
    layout.csv = csv_layout(text, csv);
  }
  name_columns(text, options, layout);
  if (!options.columns.empty()) return layout;
  if (layout.csv.header) {
    if (!is_movielens_header(layout.csv.names)) return layout;
    layout.name = "MovieLens' CSV editions";
    layout.scale = {.low = .5, .high = 5, .step = .5, .of = layout.name};
  } else if (layout.csv.separator == '\t' && layout.csv.names.size() == 4) {
    layout.name = is_double ? "MovieLens 1M" : "MovieLens 100K";
    layout.scale = {.low = 1, .high = 5, .step = 1, .of = layout.name};
  }
  return layout;
}

CsvOptions csv_options(const Layout& layout, const RatingsOptions& options) {
  CsvOptions csv{.columns = {},
                 .schema = std::vector<CsvColumn>{},
                 .separator = layout.csv.separator,
                 .header = layout.csv.header};
  for (const char* const role : kRoles) {
    const auto found = layout.columns.find(role);
    if (found == layout.columns.end()) continue;
    const std::vector<std::string>* const ids = role == std::string_view("user")   ? options.users
                                                : role == std::string_view("item") ? options.items
                                                                                   : nullptr;
    const bool is_id = role == std::string_view("user") || role == std::string_view("item");
    csv.schema->push_back({.name = found->second, .kind = is_id ? ColumnKind::category : ColumnKind::numeric});
    if (ids != nullptr) csv.schema->back().categories = *ids;
  }
  return csv;
}

Ratings read(const TextBytes& text, const RatingsOptions& options) {
  if (std::ranges::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == ' '; })) {
    throw Error(fmt::format("{}: is empty; expected rows of user, item, rating and time", text.name()));
  }
  text.check(1);  // before anything is said of what may be no text
  const Layout layout = layout_of(text, options);
  const std::string_view body = layout.text.empty() ? std::string_view(text.begin(), text.size()) : layout.text;
  RatingsOptions used = options;
  if (!used.scale) used.scale = layout.scale;
  const DataTable table = read_csv_text(body, text.name(), csv_options(layout, options));
  Ratings ratings = ratings_of(table, layout.columns, used);
  if (!layout.name.empty()) ratings.notes.insert(ratings.notes.begin(), fmt::format("columns as in {}", layout.name));
  return ratings;
}

/// The codes of a column, from 1.
std::vector<std::int32_t> codes_of(const DataTable& table, const TableColumn& column, const char* role) {
  std::vector<std::int32_t> codes;
  codes.reserve(column.codes.size());
  for (std::size_t row = 0; row < column.codes.size(); ++row) {
    const std::int32_t code = column.codes[row];
    if (code == kMissingCode) {
      throw Error(fmt::format("{}: column {}: the {} is missing", table.place(static_cast<std::int64_t>(row)),
                              shown(column.name), role));
    }
    codes.push_back(code < 0 ? 0 : code + 1);
  }
  return codes;
}

void check_rating(const DataTable& table, const TableColumn& column, std::size_t row,
                  const std::optional<RatingScale>& scale) {
  const double rating = column.numbers[row];
  const auto fail = [&](const std::string& what) {
    throw Error(
        fmt::format("{}: column {}: {}", table.place(static_cast<std::int64_t>(row)), shown(column.name), what));
  };
  if (std::isnan(rating)) fail("the rating is missing");
  if (scale && !scale->contains(rating)) {
    fail(fmt::format("the rating {} is outside the scale of {}, {}{}", rating, scale->of, scale->text(),
                     scale->of == "--scale" ? "" : "; --scale LOW,HIGH says another"));
  }
  if (std::abs(rating) > kMostRating) fail(fmt::format("the rating {} is outside ±{:g}", rating, kMostRating));
}

/// Rows that stay. Throws Error for a second rating where that is refused.
std::vector<bool> without_duplicates(const Ratings& ratings, const DataTable& table, Duplicates what,
                                     std::int64_t& dropped) {
  std::vector<bool> stays(ratings.users.size(), true);
  const auto most = [](const std::vector<std::int32_t>& codes) {
    return codes.empty() ? 0 : *std::ranges::max_element(codes);
  };
  const RowsByUser by_user = rows_by_user(ratings.users, most(ratings.users) + std::int64_t{1});
  constexpr std::int32_t kNone = -1;
  std::vector<std::int32_t> last_row(static_cast<std::size_t>(most(ratings.items)) + 1, kNone);
  std::pair<std::int32_t, std::int32_t> first{std::numeric_limits<std::int32_t>::max(),
                                              kNone};                     // second rating, first one
  for (std::size_t user = 1; user + 1 < by_user.begins.size(); ++user) {  // users without an id cannot be told apart
    const auto rows = std::span(by_user.rows)
                          .subspan(static_cast<std::size_t>(by_user.begins[user]),
                                   static_cast<std::size_t>(by_user.begins[user + 1] - by_user.begins[user]));
    for (const std::int32_t row : rows) {
      const auto item = static_cast<std::size_t>(ratings.items[static_cast<std::size_t>(row)]);
      if (item == 0) continue;
      std::int32_t& other = last_row[item];
      if (other == kNone) {
        other = row;
      } else if (what == Duplicates::refuse) {
        first = std::min(first, {row, other});
      } else {
        ++dropped;
        const auto now = static_cast<std::size_t>(row), before = static_cast<std::size_t>(other);
        const bool is_later = ratings.times.empty() || ratings.times[now] >= ratings.times[before];
        stays[is_later ? before : now] = false;
        if (is_later) other = row;
      }
    }
    for (const std::int32_t row : rows)
      last_row[static_cast<std::size_t>(ratings.items[static_cast<std::size_t>(row)])] = kNone;
  }
  if (first.second != kNone) {
    const auto row = static_cast<std::size_t>(first.first);
    throw Error(fmt::format(
        "{}: user {} has rated item {} before, on line {}; --duplicates last has the latest rating "
        "count, --duplicates keep all of them",
        table.place(first.first), shown(ratings.user_ids[static_cast<std::size_t>(ratings.users[row]) - 1]),
        shown(ratings.item_ids[static_cast<std::size_t>(ratings.items[row]) - 1]), table.lines(first.second)));
  }
  return stays;
}

template <class T>
void keep(std::vector<T>& values, const std::vector<bool>& stays) {
  if (values.empty()) return;
  std::size_t to = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (stays[i]) values[to++] = values[i];
  values.resize(to);
}

}  // namespace

bool RatingScale::contains(double rating) const {
  if (!(rating >= low && rating <= high)) return false;
  const double steps = step > 0 ? (rating - low) / step : 0;
  return std::abs(steps - std::round(steps)) < 1e-9;
}

std::string RatingScale::text() const {
  return fmt::format("{} to {}{}", low, high, step > 0 ? fmt::format(" in steps of {}", step) : "");
}

RatingScale parse_scale(const std::string& text) {
  std::vector<double> numbers;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    double number = std::nan("");
    if (read_number(std::string_view(text).substr(begin, end - begin), number) != NumberText::number)
      number = std::nan("");
    numbers.push_back(number);
    begin = end + 1;
  }
  const bool is_scale = (numbers.size() == 2 || numbers.size() == 3) && numbers[0] < numbers[1] &&
                        (numbers.size() == 2 || numbers[2] > 0);
  if (!is_scale) {
    throw Error(fmt::format("--scale {}: expected LOW,HIGH or LOW,HIGH,STEP with LOW below HIGH, as 1,5 or 0.5,5,0.5",
                            shown(text)));
  }
  return {.low = numbers[0], .high = numbers[1], .step = numbers.size() == 3 ? numbers[2] : 0, .of = "--scale"};
}

RowsByUser rows_by_user(const std::vector<std::int32_t>& users, std::int64_t user_count) {
  RowsByUser result{.begins = std::vector<std::int32_t>(static_cast<std::size_t>(user_count) + 1), .rows = {}};
  for (const std::int32_t user : users) ++result.begins[static_cast<std::size_t>(user) + 1];
  std::partial_sum(result.begins.begin(), result.begins.end(), result.begins.begin());
  result.rows.resize(users.size());
  std::vector<std::int32_t> next(result.begins.begin(), result.begins.end() - 1);
  for (std::size_t row = 0; row < users.size(); ++row)
    result.rows[static_cast<std::size_t>(next[static_cast<std::size_t>(users[row])]++)] =
        static_cast<std::int32_t>(row);
  return result;
}

Ratings ratings_of(const DataTable& table, const std::map<std::string, std::string>& columns,
                   const RatingsOptions& options) {
  if (table.rows >= std::numeric_limits<std::int32_t>::max()) {
    throw Error(fmt::format("{}: has {} rows; at most {} can be read", table.file, table.rows,
                            std::numeric_limits<std::int32_t>::max() - 1));
  }
  Ratings ratings{.file = table.file};
  ratings.columns = columns;
  ratings.scale = options.scale;
  const TableColumn &users = table.column(columns.at("user")), &items = table.column(columns.at("item"));
  const auto optional = [&](const char* role) {
    const auto found = columns.find(role);
    return found == columns.end() ? nullptr : &table.column(found->second);
  };
  ratings.users = codes_of(table, users, "user");
  ratings.items = codes_of(table, items, "item");
  ratings.user_ids = users.categories;
  ratings.item_ids = items.categories;
  if (const TableColumn* const values = optional("rating")) {
    ratings.values.reserve(values->numbers.size());
    for (std::size_t row = 0; row < values->numbers.size(); ++row) {
      check_rating(table, *values, row, options.scale);
      ratings.values.push_back(static_cast<float>(values->numbers[row]));
    }
  }
  if (const TableColumn* const times = optional("time")) {
    const auto gap = std::ranges::find_if(times->numbers, [](double time) { return std::isnan(time); });
    if (gap != times->numbers.end()) {
      throw Error(fmt::format("{}: column {}: the time is missing", table.place(gap - times->numbers.begin()),
                              shown(times->name)));
    }
    ratings.times = times->numbers;
  }
  if (options.duplicates == Duplicates::keep) return ratings;
  std::int64_t dropped = 0;
  const std::vector<bool> stays = without_duplicates(ratings, table, options.duplicates, dropped);
  if (dropped == 0) return ratings;
  keep(ratings.users, stays);
  keep(ratings.items, stays);
  keep(ratings.values, stays);
  keep(ratings.times, stays);
  ratings.notes.push_back(fmt::format("{} rating{} left out, since the same user rated the item again later", dropped,
                                      dropped == 1 ? " is" : "s are"));
  return ratings;
}

Ratings read_ratings(const std::filesystem::path& file, const RatingsOptions& options) {
  try {
    return read(TextBytes(file), options);
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("{}: no memory for the ratings", file.string()));
  }
}

Ratings read_ratings_text(std::string_view text, const std::string& name, const RatingsOptions& options) {
  return read(TextBytes(text, name), options);
}

}  // namespace thalweg::lab
