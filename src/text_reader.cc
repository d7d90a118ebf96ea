// TextReader: reads a description from left to right, and says where a mistake stands.
#include "text_reader.h"

#include "text.h"

#include <thalweg/error.h>

#include <algorithm>

namespace thalweg::inline v0_1 {

std::string_view TextReader::word(std::string_view ends) {
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != ' ' && ends.find(text_[at_]) == std::string_view::npos) ++at_;
  return text_.substr(begin, at_ - begin);
}

std::string_view TextReader::until(char end) {
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != end) at_ += text_[at_] == '\\' ? 2 : 1;
  at_ = std::min(at_, text_.size());
  return text_.substr(begin, at_ - begin);
}

bool TextReader::skip(char character) {
  if (at_ == text_.size() || text_[at_] != character) return false;
  ++at_;
  return true;
}

bool TextReader::skip_spaces() {
  const std::size_t begin = at_;
  while (skip(' ')) {
  }
  return at_ > begin;
}

void TextReader::expect_end() const {
  if (!is_at_end()) throw Error(at(rest()) + "'" + printable(rest()) + "' is not expected here");
}

std::string TextReader::at(std::string_view part) const {
  const auto offset = static_cast<std::size_t>(part.data() - text_.data());
  return what_ + " '" + printable(text_) + "', at " + std::to_string(offset + 1) + ": ";
}

std::string TextReader::at_all() const { return what_ + " '" + printable(text_) + "': "; }

}  // namespace thalweg::inline v0_1
