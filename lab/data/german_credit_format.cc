// The format german-credit: the UCI's German credit data as a table whose bad loans are to be found.
#include "data/formats.h"
#include "data/german_credit.h"
#include "data/table_format.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <string>

namespace thalweg::lab {
namespace {

GermanCreditOptions credit_options(const DataOptions& options) {
  GermanCreditOptions credit{.class_optional = !options.needs_target};
  constexpr std::string_view kIgnore = "=ignore";
  for (const std::string& text : options.columns) {
    if (!text.ends_with(kIgnore)) {
      throw Error(fmt::format("--column {}: expected NAME=ignore; what columns hold is known of german-credit",
                              printable(text)));
    }
    credit.ignored.push_back(text.substr(0, text.size() - kIgnore.size()));
    if (credit.ignored.back() == kGermanClass)
      throw Error(fmt::format("--column {}: this column is what is predicted", printable(text)));
  }
  return credit;
}

Dataset open_german_credit(const std::string& file, const DataOptions& given) {
  DataOptions options = given;
  options.target = kGermanClass;
  if (options.positive.empty()) options.positive = "bad";
  const GermanCreditOptions credit = credit_options(options);
  return open_table(
      file, options,
      {.format = "german-credit",
       .read = [&](const std::string& each) { return read_german_credit(each, credit); },
       .read_like = [&](const std::string& each, const DataTable&) { return read_german_credit(each, credit); }});
}

DataTable german_credit_table(const std::string& file, const DataOptions& options) {
  return read_german_credit(file, credit_options(options));
}

}  // namespace

Format german_credit_format() {
  return {.name = "german-credit",
          .argument = "FILE",
          .meaning = "german.data or german.data-numeric of the UCI's German credit; bad loans are to be found",
          .options = {"positive", "column", "test_fraction", "test_data"},
          .open = open_german_credit,
          .table = german_credit_table};
}

}  // namespace thalweg::lab
