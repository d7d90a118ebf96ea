// TextReader: reads a description from left to right, and says where a mistake stands.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg::inline v0_1 {

class TextReader {
 public:
  /// `what` the text is, as errors call it.
  TextReader(std::string_view what, std::string_view text) : what_(what), text_(text) {}

  /// What comes up to one of `ends`, a space or the end.
  std::string_view word(std::string_view ends);
  /// The same up to this character alone; everything if it does not come.
  std::string_view until(char end);
  /// Passes over the character, if it is the next.
  bool skip(char character);
  /// Passes over spaces. Was there any?
  bool skip_spaces();
  bool is_at_end() const { return at_ == text_.size(); }
  /// Throws Error that shows what comes, unless nothing does.
  void expect_end() const;

  /// The beginning of an error about this part of the text: `schedule 'cosine:stps=3', at 8: `.
  std::string at(std::string_view part) const;
  /// About the text as a whole.
  std::string at_all() const;
  std::string_view rest() const { return text_.substr(at_); }

 private:
  std::string what_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace thalweg::inline v0_1
