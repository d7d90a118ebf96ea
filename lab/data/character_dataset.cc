// Texts as data sets: alphabet, windows, batches.
#include "data/character_dataset.h"

#include "data/fingerprint.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kWindow = 64;
constexpr double kTestShare = 0.1;

/// Windows begin at these characters of one list of codes.
class CharacterExamples : public Examples {
 public:
  CharacterExamples(std::vector<std::int32_t> codes, std::vector<std::int64_t> begins, std::int64_t window)
      : codes_(std::move(codes)), begins_(std::move(begins)), window_(window) {}

  Scaling measure(std::span<const std::int64_t> /*training*/) const override { return {}; }
  void load(std::span<const std::int64_t> examples, const Scaling& /*scaling*/,
            const BatchMemory& memory) const override {
    std::int64_t* to = std::get<std::span<std::int64_t>>(memory.inputs.front()).data();
    std::int64_t* next = std::get<std::span<std::int64_t>>(memory.target).data();
    for (const std::int64_t example : examples) {
      const std::int32_t* from = codes_.data() + begins_[static_cast<std::size_t>(example)];
      for (std::int64_t i = 0; i < window_; ++i) {
        *to++ = from[i];
        *next++ = from[i + 1];
      }
    }
  }
  std::int64_t label(std::int64_t /*example*/) const override { return 0; }
  std::uint64_t input_hash(std::int64_t example) const override { return hash_of(codes_of(example, 0)); }
  bool have_same_inputs(std::int64_t a, std::int64_t b) const override {
    return same_bytes(codes_of(a, 0), codes_of(b, 0));
  }
  bool have_same_target(std::int64_t a, std::int64_t b) const override {
    return same_bytes(codes_of(a, 1), codes_of(b, 1));
  }

 private:
  std::span<const std::int32_t> codes_of(std::int64_t example, std::int64_t shift) const {
    return std::span(codes_).subspan(static_cast<std::size_t>(begins_[static_cast<std::size_t>(example)] + shift),
                                     static_cast<std::size_t>(window_));
  }

  std::vector<std::int32_t> codes_;
  std::vector<std::int64_t> begins_;
  std::int64_t window_;
};

std::vector<char32_t> alphabet_of(std::span<const char32_t> text) {
  std::map<char32_t, std::int64_t> counts;
  for (const char32_t character : text) ++counts[character];
  std::vector<char32_t> alphabet;
  for (const auto& [character, count] : counts) alphabet.push_back(character);
  std::ranges::stable_sort(alphabet, std::greater<>(), [&](char32_t character) { return counts[character]; });
  return alphabet;
}

/// Where windows begin in [first, last), each with a character behind it.
std::vector<std::int64_t> windows(std::int64_t first, std::int64_t last, std::int64_t window) {
  std::vector<std::int64_t> begins;
  for (std::int64_t begin = first; begin + window < last; begin += window) begins.push_back(begin);
  return begins;
}

}  // namespace

std::string utf8_of(char32_t character) {
  const auto c = static_cast<std::uint32_t>(character);
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | (c >> 6)), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

Dataset character_dataset(std::span<const char32_t> text, const std::string& name, const DataOptions& options) {
  const bool is_again = !options.schema.is_null();
  const std::int64_t window = is_again             ? options.schema.at("window").get<std::int64_t>()
                              : options.window > 0 ? options.window
                                                   : kWindow;
  const double share = options.test_fraction > 0 ? options.test_fraction : kTestShare;
  const std::int64_t count = std::ssize(text);
  const auto cut = is_again ? 0 : count - static_cast<std::int64_t>(static_cast<double>(count) * share);
  std::vector<char32_t> alphabet;
  if (is_again) {
    for (const auto& character : options.schema.at("alphabet"))
      alphabet.push_back(static_cast<char32_t>(character.get<std::uint32_t>()));
  } else {
    alphabet = alphabet_of(text.first(static_cast<std::size_t>(cut)));
  }
  Dataset dataset;
  if (std::ssize(alphabet) >= kMostClasses) {
    dataset.notes.push_back(fmt::format("of {} different characters the {} most frequent are told apart",
                                        alphabet.size(), kMostClasses - 1));
    alphabet.resize(kMostClasses - 1);
  }
  std::map<char32_t, std::int32_t> code_of;
  dataset.target = {
      .kind = TargetKind::characters, .classes = std::ssize(alphabet) + 1, .class_names = {"�"}, .length = window};
  nlohmann::json points = nlohmann::json::array();
  for (const char32_t character : alphabet) {
    code_of[character] = static_cast<std::int32_t>(code_of.size()) + 1;
    dataset.target.class_names.push_back(utf8_of(character));
    points.push_back(static_cast<std::uint32_t>(character));
  }
  std::vector<std::int32_t> codes;
  codes.reserve(text.size());
  for (const char32_t character : text) {
    const auto found = code_of.find(character);
    codes.push_back(found == code_of.end() ? 0 : found->second);
  }
  std::vector<std::int64_t> begins = windows(0, cut, window);
  const auto training = std::ssize(begins);
  const std::vector<std::int64_t> test = windows(cut, count, window);
  begins.insert(begins.end(), test.begin(), test.end());
  if ((!is_again && training == 0) || test.empty()) {
    throw Error(
        fmt::format("{}: {} characters are too few: each part must have more than a window of {}; --window "
                    "makes it shorter",
                    name, count, window));
  }
  for (std::int64_t i = 0; i < std::ssize(begins); ++i) (i < training ? dataset.train : dataset.test).push_back(i);
  dataset.inputs = {{.kind = InputKind::characters,
                     .shape = {window},
                     .sizes = {dataset.target.classes},
                     .columns = dataset.target.class_names}};
  dataset.in_order = true;
  dataset.schema = {{"window", window}, {"alphabet", points}};
  dataset.fingerprint = fmt::format("{}-{:08x}", count, checksum_of(text));
  dataset.examples = std::make_shared<CharacterExamples>(std::move(codes), std::move(begins), window);
  return dataset;
}

}  // namespace thalweg::lab
