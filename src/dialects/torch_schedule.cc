// PyTorch's schedulers: which class a state is of, its keys read, and schedulers one after another.
#include "dialects/torch_schedule.h"

#include "dialects/dialect.h"
#include "schedule/kinds.h"
#include "text.h"

#include <thalweg/suggest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace thalweg::inline v0_1 {
namespace dialects {
namespace {

using State = TorchSchedulerState;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Keys of every scheduler, also of earlier versions, that are read elsewhere or act on no number.
constexpr std::string_view kOfAll[] = {
    "base_lrs", "last_epoch", "verbose", "_step_count", "_is_initial", "_get_lr_called_within_step", "_last_lr"};

void check_range(const std::string& name, double value, double low, double high = kInfinity) {
  const Range allowed = std::isinf(high) ? at_least(low) : between(low, high);
  if (!allowed.contains(value)) throw Error(name + " = " + to_text(value) + " is outside " + allowed.text());
}

void check_whole(const std::string& name, double value) {
  if (value == std::floor(value)) return;
  throw Error(name + " = " + to_text(value) + " has no counterpart, as PyTorch compares it with whole numbers");
}

std::vector<std::string> known_keys(const TorchScheduler& scheduler) {
  std::vector<std::string> known(std::begin(kOfAll), std::end(kOfAll));
  known.emplace_back(scheduler.mark);
  for (const TorchSchedulerKey& key : scheduler.keys) known.emplace_back(key.name);
  known.insert(known.end(), scheduler.others.begin(), scheduler.others.end());
  return known;
}

bool knows(const TorchScheduler& scheduler, std::string_view key) {
  const std::vector<std::string> known = known_keys(scheduler);
  return std::ranges::find(known, key) != known.end();
}

bool has_only_its_keys(const TorchScheduler& scheduler, const json::Object& state) {
  return std::ranges::all_of(state, [&](const auto& member) { return knows(scheduler, member.first); });
}

/// What messages about it begin with.
std::string prefix(const TorchScheduler& scheduler, const std::string& where) {
  return "torch " + where + std::string(scheduler.name) + ": ";
}

[[noreturn]] void fail_refused(const std::string& names, const TorchScheduler& scheduler, const std::string& where) {
  throw Error("torch " + where + names + " " + std::string(scheduler.refused));
}

const TorchScheduler* find_scheduler(std::string_view name) {
  for (const TorchScheduler& scheduler : torch_schedulers()) {
    if (plain(name) == plain(scheduler.name)) return &scheduler;
  }
  return nullptr;
}

/// The class that the keys tell, or else the name.
const TorchScheduler& choose(const json::Object& state, std::string_view told, const std::string& where) {
  const TorchScheduler* const named = find_scheduler(told);
  if (!told.empty() && named == nullptr) {
    std::vector<std::string> known;
    for (const TorchScheduler& scheduler : torch_schedulers()) {
      if (scheduler.refused.empty()) known.emplace_back(scheduler.name);
    }
    throw Error("torch: " + shown(told) + " is no scheduler with a counterpart" + suggest(told, known));
  }
  const auto marked =
      std::ranges::find_if(torch_schedulers(), [&](const auto& scheduler) { return state.contains(scheduler.mark); });
  if (marked == torch_schedulers().end() && named == nullptr) {
    throw Error("torch " + where + "these keys are of no scheduler that is known; it takes what state_dict() gives");
  }
  const TorchScheduler& found = named != nullptr ? *named : *marked;
  if (marked != torch_schedulers().end() && found.mark != marked->mark &&
      (!knows(found, marked->mark) || has_only_its_keys(*marked, state))) {
    throw Error(prefix(found, where) + "the key " + std::string(marked->mark) + " is " + std::string(marked->name) +
                "'s, and contradicts the name");
  }
  const bool is_lambda = named == nullptr && found.mark == "lr_lambdas";
  if (!found.refused.empty())
    fail_refused(is_lambda ? "LambdaLR or MultiplicativeLR" : std::string(found.name), found, where);
  return found;
}

void check_keys(const TorchScheduler& scheduler, const State& given) {
  for (const auto& [key, value] : given.state) {
    if (!knows(scheduler, key)) {
      throw Error(given.what + "unknown key " + shown(key) + suggest(key, known_keys(scheduler)));
    }
  }
}

/// One scheduler alone.
struct RateKind {
  double lr;
  Schedule::Kind kind;
};

RateKind read_one(const TorchScheduler& scheduler, const State& given) {
  check_keys(scheduler, given);
  Schedule::Kind kind = scheduler.kind;
  const Fields fields = fields_of(kind);
  for (const TorchSchedulerKey& key : scheduler.keys) {
    Field field = find(fields, key.option.empty() ? key.name : key.option, given.what, "option");
    field.name = key.name;  // messages speak PyTorch's words
    if (key.least > field.range.low) {
      field.range.low = key.least;
      field.range.low_open = false;
    }
    if (!std::isinf(key.most)) {
      field.range.high = key.most;
      field.range.high_open = false;
    }
    set(field, given.at(key.name), given.what);
    if (key.whole) check_whole(given.what + std::string(key.name), given.number(key.name));
  }
  const double lr = scheduler.finish(given, kind);
  return {lr, std::move(kind)};
}

/// An infinity is nothing yet: PyTorch begins with the worst.
std::optional<double> read_best(const State& given, schedule::Better mode) {
  const json::Value& best = given.at("best");
  if (best.is_null()) return {};
  if (!best.is_string()) return given.number("best");
  const std::string_view worst = mode == schedule::Better::min ? "Infinity" : "-Infinity";
  if (best.string("best") == worst) return {};
  throw Error(given.what + "best = " + shown(best.string("best")) +
              " has no counterpart; allowed is a number, null or '" + std::string(worst) + "'");
}

std::int64_t count(const State& given, std::string_view key) {
  constexpr double kMost = 9e15;  // up to where a double counts
  const double value = given.whole(key, 0);
  check_range(given.what + std::string(key), value, 0, kMost);
  return static_cast<std::int64_t>(value);
}

SchedulePosition read_position(const State& given, const Schedule::Kind& kind, double lr) {
  SchedulePosition position{.steps = count(given, "last_epoch")};
  const auto* const plateau = std::get_if<schedule::Plateau>(&kind);
  if (plateau == nullptr) return position;
  position.best = read_best(given, plateau->mode);
  position.bad = count(given, "num_bad_epochs");
  position.cooldown = count(given, "cooldown_counter");
  if (lr != 0) position.reduced = given.in_group("lr") / lr;
  return position;
}

/// Several schedulers, each up to its milestone.
RateSchedule read_sequence(const State& given) {
  const json::Array& schedulers = given.at("_schedulers").array(given.what + "_schedulers");
  const json::Array& milestones = given.at("_milestones").array(given.what + "_milestones");
  if (schedulers.empty() || schedulers.size() != milestones.size() + 1) {
    throw Error(given.what + std::to_string(schedulers.size()) + " _schedulers for " +
                std::to_string(milestones.size()) + " _milestones; allowed is one more than milestones");
  }
  check_number_of_parts(schedulers.size(), given.what);
  std::vector<Schedule::Part> parts;
  std::optional<double> lr;
  double begin = 0;
  for (std::size_t i = 0; i < schedulers.size(); ++i) {
    const std::string inside = std::string(kTorchSequence) + ": _schedulers[" + std::to_string(i) + "]: ";
    const json::Object& state = schedulers[i].object("torch " + inside + "the state");
    const TorchScheduler& scheduler = choose(state, {}, inside);
    const std::string what = prefix(scheduler, inside);
    if (scheduler.name == kTorchSequence || std::holds_alternative<schedule::Plateau>(scheduler.kind)) {
      throw Error(what + "it cannot be a part of another here" +
                  (scheduler.name == kTorchSequence ? "; make one of them, with all schedulers and milestones" : ""));
    }
    RateKind part = read_one(scheduler, {state, given.group, given.index, what, i > 0});
    if (lr && *lr != part.lr) {
      throw Error(what + "its rate at factor 1 is " + to_text(part.lr) + ", that of the parts before " + to_text(*lr) +
                  "; rates are factors on one here");
    }
    lr = part.lr;
    double length = 0;
    if (i < milestones.size()) {
      const std::string name = given.what + "_milestones[" + std::to_string(i) + "]";
      const double end = milestones[i].number(name);
      check_whole(name, end);
      if (end <= begin) throw Error(name + " = " + to_text(end) + " is not above " + to_text(begin));
      length = end - std::exchange(begin, end);
    }
    parts.push_back({std::move(part.kind), length});
  }
  return {*lr, Schedule(std::move(parts)), {.steps = count(given, "last_epoch")}};
}

/// The group of this number: the only one, or out of all.
const json::Object& group_of(const json::Value& json, std::size_t index) {
  const std::string what = "torch param group";
  if (!json.is_array()) return json.object(what);
  const json::Array& groups = json.array(what);
  if (index < groups.size()) return groups[index].object(what);
  throw Error(what + ": index = " + std::to_string(index) + " is outside the " + std::to_string(groups.size()) +
              " groups");
}

RateSchedule read_scheduler(const json::Object& state, const json::Value& groups, std::string_view name,
                            std::size_t index) {
  const TorchScheduler& scheduler = choose(state, name, {});
  const State given{state, group_of(groups, index), index, prefix(scheduler, {})};
  try {
    if (scheduler.name == kTorchSequence) {
      check_keys(scheduler, given);
      return read_sequence(given);
    }
    RateKind alone = read_one(scheduler, given);
    const SchedulePosition position = read_position(given, alone.kind, alone.lr);
    return {alone.lr, Schedule(std::move(alone.kind)), position};
  } catch (const Error& error) {
    const std::string what = error.what();
    throw Error(what.starts_with("torch") ? what : given.what + what);  // those of Schedule do not know whose it is
  }
}

}  // namespace

const json::Value& State::at(std::string_view key) const {
  const auto member = state.find(key);
  if (member == state.end()) throw Error(what + std::string(key) + " is missing, and has no default");
  return member->second;
}

double State::number(std::string_view key, double low) const {
  const std::string name = what + std::string(key);
  const double value = at(key).number(name);
  check_range(name, value, low);
  return value;
}

double State::whole(std::string_view key, double low) const {
  const double value = number(key, low);
  check_whole(what + std::string(key), value);
  return value;
}

bool State::boolean(std::string_view key) const { return at(key).boolean(what + std::string(key)); }

double State::of_group(std::string_view key) const {
  std::string name = what + std::string(key);
  const json::Array& rates = at(key).array(name);
  if (index >= rates.size()) {
    throw Error(name + ": index = " + std::to_string(index) + " is outside the " + std::to_string(rates.size()) +
                " groups");
  }
  name += "[" + std::to_string(index) + "]";
  const double rate = rates[index].number(name);
  check_range(name, rate, 0);
  return rate;
}

double State::in_group(std::string_view key) const {
  const std::string name = what + "the group's " + std::string(key);
  const auto member = group.find(key);
  if (member == group.end()) throw Error(name + " is missing, which PyTorch keeps there");
  const double rate = member->second.number(name);
  check_range(name, rate, 0);
  return rate;
}

double State::ratio(std::string_view key, double rate, double of) const {
  if (of != 0) return rate / of;
  if (rate == 0) return 0;  // where all rates are 0, any factor will do
  throw Error(what + std::string(key) + " = " + to_text(rate) +
              " has no counterpart beside a rate of 0, as rates are factors on it here");
}

}  // namespace dialects

RateSchedule schedule_from_torch(std::string_view state, std::string_view group, std::string_view name,
                                 std::size_t index) {
  constexpr std::string_view kAllowed = "finite numbers, and null or \"Infinity\" for those of a ReduceLROnPlateau";
  const dialects::Dialect& torch = dialects::torch();
  const json::Value json = dialects::parse_value(torch, state, "schedule", kAllowed);
  const json::Value groups = dialects::parse_value(torch, group, "param group");
  return dialects::read_scheduler(json.object("torch schedule"), groups, dialects::bare_name(torch, name), index);
}

}  // namespace thalweg::inline v0_1
