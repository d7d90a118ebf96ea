// Fields: the named members of a struct, as descriptions read and write them in text and JSON.
#include "fields.h"

#include "text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace thalweg::inline v0_1 {
namespace {

constexpr char kBetweenNumbers = '/';

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

std::string value_of(const Field& field, std::string_view value) {
  return std::string(field.name) + " = " + std::string(value);
}

void check_number(const Field& field, double value, const std::string& what) {
  if (field.range.contains(value) && std::isfinite(value)) return;
  throw Error(what + value_of(field, to_text(value)) + " is outside " + field.range.text());
}

template <class T>
T read_number(const Field& field, std::string_view text, const std::string& what) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  const bool too_large = error == std::errc::result_out_of_range;
  throw Error(what + value_of(field, "'" + printable(text) + "'") +
              (too_large               ? " is too large or too small"
               : std::is_integral_v<T> ? " is no whole number; allowed is " + allowed(field)
                                       : " is no number; allowed is " + allowed(field)));
}

std::size_t index_of(const Choice& choice, const Field& field, std::string_view word, const std::string& what) {
  const auto found = std::ranges::find(choice.words, word);
  if (found != choice.words.end()) return static_cast<std::size_t>(found - choice.words.begin());
  const std::vector<std::string> known(choice.words.begin(), choice.words.end());
  throw Error(what + value_of(field, "'" + printable(word) + "'") + " is unknown" + suggest(word, known));
}

}  // namespace

std::string allowed(const Field& field) {
  return std::visit(
      Overloaded{[&](double*) { return field.range.text(); }, [&](std::int64_t*) { return field.range.text(); },
                 [](bool*) { return std::string("true or false"); },
                 [](std::vector<double>*) { return std::string("numbers, as 1/2/3"); },
                 [](const Choice& choice) {
                   std::string words;
                   for (const std::string_view word : choice.words) {
                     words += (words.empty() ? "" : ", ") + std::string(word);
                   }
                   return words;
                 }},
      field.member);
}

std::string value_text(const Field& field) {
  return std::visit(
      Overloaded{[](const double* number) { return to_text(*number); },
                 [](const std::int64_t* number) { return std::to_string(*number); },
                 [](const bool* flag) { return std::string(*flag ? "true" : "false"); },
                 [](const std::vector<double>* numbers) {
                   std::string list;
                   for (const double number : *numbers) {
                     if (!list.empty()) list += kBetweenNumbers;
                     list += to_text(number);
                   }
                   return list;
                 },
                 [](const Choice& choice) { return std::string(choice.words[choice.get(choice.member)]); }},
      field.member);
}

std::string value_text(const OptionInfo& option, double value) {
  return option.type == OptionType::real ? to_text(value) : value != 0 ? "true" : "false";
}

json::Value value_json(const Field& field) {
  return std::visit(
      Overloaded{
          [](const double* number) { return json::Value(*number); },
          [](const std::int64_t* number) { return json::Value(*number); },
          [](const bool* flag) { return json::Value(*flag); },
          [](const std::vector<double>* numbers) { return json::Value(json::Array(numbers->begin(), numbers->end())); },
          [](const Choice& choice) { return json::Value(choice.words[choice.get(choice.member)]); }},
      field.member);
}

bool is_equal(const Field& field, const Field& other) { return value_json(field) == value_json(other); }

void append_pair(std::string& text, char& separator, std::string_view name, std::string_view value) {
  text += separator;
  text += name;
  text += '=';
  text += value;
  separator = ',';
}

void append_different(std::string& text, char& separator, const Fields& fields, const Fields& others) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_equal(fields[i], others[i])) append_pair(text, separator, fields[i].name, value_text(fields[i]));
  }
}

void check(const Field& field, const std::string& what) {
  std::visit(Overloaded{[&](const double* number) { check_number(field, *number, what); },
                        [&](const std::int64_t* number) { check_number(field, static_cast<double>(*number), what); },
                        [](const bool*) {},
                        [&](const std::vector<double>* numbers) {
                          for (const double number : *numbers) check_number(field, number, what);
                        },
                        [](const Choice&) {}},
             field.member);
}

void set(const Field& field, std::string_view text, const std::string& what) {
  std::visit(Overloaded{[&](double* number) { *number = read_number<double>(field, text, what); },
                        [&](std::int64_t* number) { *number = read_number<std::int64_t>(field, text, what); },
                        [&](bool* flag) {
                          if (text != "true" && text != "false" && text != "1" && text != "0") {
                            throw Error(what + value_of(field, "'" + printable(text) + "'") + " is not true or false");
                          }
                          *flag = text == "true" || text == "1";
                        },
                        [&](std::vector<double>* numbers) {
                          numbers->clear();
                          for (std::string_view rest = text;;) {
                            const std::size_t end = std::min(rest.find(kBetweenNumbers), rest.size());
                            numbers->push_back(read_number<double>(field, rest.substr(0, end), what));
                            if (end == rest.size()) break;
                            rest.remove_prefix(end + 1);
                          }
                        },
                        [&](const Choice& choice) { choice.set(choice.member, index_of(choice, field, text, what)); }},
             field.member);
  check(field, what);
}

void set(const Field& field, const json::Value& value, const std::string& what) {
  const std::string name = what + std::string(field.name);
  std::visit(Overloaded{[&](double* number) { *number = value.number(name); },
                        [&](std::int64_t* number) { *number = value.integer(name); },
                        [&](bool* flag) { *flag = value.boolean(name); },
                        [&](std::vector<double>* numbers) {
                          numbers->clear();
                          for (const json::Value& number : value.array(name)) numbers->push_back(number.number(name));
                        },
                        [&](const Choice& choice) {
                          choice.set(choice.member, index_of(choice, field, value.string(name), what));
                        }},
             field.member);
  check(field, what);
}

const Field& find(const Fields& fields, std::string_view name, const std::string& what, std::string_view noun,
                  const std::vector<std::string>& others) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  if (found != fields.end()) return *found;
  std::vector<std::string> known;
  for (const Field& field : fields) known.emplace_back(field.name);
  known.insert(known.end(), others.begin(), others.end());
  throw Error(what + "unknown " + std::string(noun) + " '" + printable(name) + "'" + suggest(name, known));
}

void read(const Fields& fields, const json::Object& object, const std::string& what) {
  for (const auto& [key, value] : object) set(find(fields, key, what, "key"), value, what);
}

json::Object write(const Fields& fields) {
  json::Object object;
  for (const Field& field : fields) object.emplace(field.name, value_json(field));
  return object;
}

}  // namespace thalweg::inline v0_1
