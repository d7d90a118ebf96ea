// libFuzzer target: any text as a framework's configuration. It is refused by an Error, or means something that can be
// written in thalweg's words and, where PyTorch or Keras have it, in theirs, and is read as the same again.
#include <thalweg/dialects.h>
#include <thalweg/error.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using thalweg::Translation;

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);  // and so crashes
}

/// Whatever is written must be read as what is written again.
template <class Write, class Read>
void check_writing(const Translation& translation, const Write& write, const Read& read) {
  std::string text;
  try {
    text = write(translation);
  } catch (const thalweg::Error&) {
    return;  // it has no counterpart
  }
  require(write(read(text)) == text, "what was written is read as something else");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kPeers[] = {"torch", "keras", "optax", "tf1", "thalweg", "keras2"};
  // The first line is the name, and its first character the peer.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  const std::string_view peer = kPeers[static_cast<unsigned char>(text[0]) % std::size(kPeers)];
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view name = text.substr(1, end - 1), json = text.substr(std::min(end + 1, text.size()));
  try {
    const Translation translation = thalweg::translate(peer, name, json);
    const std::string rule(translation.options.rule().name);
    require(thalweg::parse_options(translation.options.text()) == translation.options, "the options' text");
    check_writing(translation, thalweg::to_torch, [&](const std::string& t) { return thalweg::from_torch(t, rule); });
    check_writing(translation, thalweg::to_keras, [](const std::string& t) { return thalweg::from_keras(t); });
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
  }
  return 0;
}
