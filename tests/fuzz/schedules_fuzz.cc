// libFuzzer target: any text as a schedule, as its JSON and as a PyTorch scheduler's state. It is refused by an Error,
// or is written as text and as JSON that are read as the same again, and has a factor wherever it stands.
#include <thalweg/dialects.h>
#include <thalweg/error.h>
#include <thalweg/schedule.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using thalweg::Schedule;

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);  // and so crashes
}

void check_writing(const Schedule& schedule) {
  const std::string text = schedule.text(), json = to_json(schedule);
  require(thalweg::parse_schedule(text).text() == text, "the text is read as something else");
  require(to_json(thalweg::schedule_from_json(json)) == json, "the JSON is read as something else");
  require(thalweg::schedule_from_json(json).text() == text, "the JSON has another text");
}

void check_factors(const Schedule& given) {
  constexpr std::int64_t kSteps = 1'000'000, kLast = std::numeric_limits<std::int64_t>::max();
  Schedule schedule = given;
  try {
    schedule = given.within({.steps_per_epoch = 10, .steps = kSteps});
    check_writing(schedule);
  } catch (const thalweg::Error&) {
    return;  // nothing is left of the run
  }
  thalweg::SchedulePosition position;
  for (const std::int64_t steps : {std::int64_t{0}, std::int64_t{1}, std::int64_t{12345}, kSteps, kLast}) {
    position.steps = steps;
    schedule.factor(position, 10);
    if (schedule.needs_metric()) schedule.see(static_cast<double>(steps % 3), position, 10);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first character says what follows: a text, JSON, or lines with a scheduler's class, its group and its state.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  std::string_view rest = text.substr(1);
  const auto line = [&] {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view result = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return result;
  };
  const auto read = [&]() -> Schedule {
    switch (text.front()) {
      case 't':
        return thalweg::parse_schedule(rest);
      case 'j':
        return thalweg::schedule_from_json(rest);
      default: {
        const std::string_view name = line(), group = line();
        return thalweg::schedule_from_torch(rest, group, name).schedule;
      }
    }
  };
  try {
    const Schedule schedule = read();
    check_writing(schedule);
    check_factors(schedule);
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
  }
  return 0;
}
