// libFuzzer target: any text as a description of an optimizer, and as its JSON. It is refused by an Error, or is
// written as text and as JSON that are read as the same again, and an optimizer made from it takes a step or says why
// not.
#include <thalweg/description.h>
#include <thalweg/error.h>
#include <thalweg/optimizer.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using thalweg::Description;

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);  // and so crashes
}

void check_writing(const Description& description) {
  const std::string text = description.text(), json = to_json(description);
  require(thalweg::parse_description(text).text() == text, "the text is read as something else");
  require(to_json(thalweg::description_from_json(json)) == json, "the JSON is read as something else");
  require(thalweg::description_from_json(json).text() == text, "the JSON has another text");
}

void check_optimizer(const Description& description) {
  thalweg::Optimizer optimizer(description);
  std::array<float, 3> weight{1, -2, 3}, bias{0.5, 0, -1};
  const std::array<float, 3> gradient{0.25, -1e10, 0};
  optimizer.add("weight", weight);
  optimizer.add("layer.bias", bias);
  optimizer.set_run_length({.steps_per_epoch = 2, .steps = 1'000'000});
  for (int step = 0; step < 3; ++step) optimizer.step({{"weight", gradient}, {"layer.bias", gradient}}, 1.0);
  const thalweg::State state = optimizer.state();
  optimizer.load(state);
  require(optimizer.state().metadata == state.metadata, "a state that is loaded is another");
  check_writing(optimizer.description());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first character says what follows: JSON, or else a text.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  const std::string_view rest = text.substr(1);
  try {
    const Description description =
        text.front() == 'j' ? thalweg::description_from_json(rest) : thalweg::parse_description(rest);
    check_writing(description);
    check_optimizer(description);
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
  }
  return 0;
}
