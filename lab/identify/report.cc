// Report: candidates with their options, errors and frameworks.
#include "identify/report.h"

#include "identify/spell.h"

#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace thalweg::lab::identify {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t kMostOfAnId = 80;      // bytes
constexpr std::size_t kMostSpellings = 4;    // of a candidate that are listed
constexpr std::size_t kMostCandidates = 12;  // of which all is told

const char* dtype(const UnknownRun& run) { return run.recording.is_float64 ? "float64" : "float32"; }

std::string heading(const UnknownRun& run) {
  const Recording& recording = run.recording;
  const auto recorded = std::ranges::count_if(recording.expected, [](const auto& step) { return step.first > 0; });
  std::string text = fmt::format("{}: {} steps × {} elements, {}", printable(recording.id, kMostOfAnId),
                                 recording.gradients.size(), recording.start.size(), dtype(run));
  if (run.is_type_guessed) text += " (as its numbers look)";
  if (recorded < std::ssize(recording.gradients)) text += fmt::format(", parameters after {} of the steps", recorded);
  if (!run.left_out.empty()) text += "\n  " + run.left_out;
  return text;
}

/// Four digits, for a bound that nobody gave.
std::string about(double value) { return fmt::format("{:.4g}", value); }

std::string open_text(const Options& options, const OpenOption& open) {
  const Range& range = options.rule().options[static_cast<std::size_t>(options.rule().find_option(open.option))].range;
  if (open.low <= range.low && open.high >= range.high) return fmt::format("{} (any value)", open.option);
  if (open.low <= range.low) return fmt::format("{} ≤ {}", open.option, about(open.high));
  if (open.high >= range.high) return fmt::format("{} ≥ {}", open.option, about(open.low));
  return fmt::format("{} from {} to {}", open.option, about(open.low), about(open.high));
}

std::string open_text(const Candidate& candidate) {
  std::string text;
  for (const OpenOption& open : candidate.open) {
    text += (text.empty() ? "" : ", ") + open_text(candidate.options, open);
  }
  return text;
}

const char* counting(StepCount step_count) {
  return step_count == StepCount::shared ? "steps are counted once for all parameters"
                                         : "steps are counted for each parameter";
}

/// In the words in which optimizers are described everywhere.
std::string description_text(const Candidate& candidate) {
  return Description(candidate.options, {.step_count = candidate.only_count.value_or(StepCount::per_parameter)}).text();
}

std::string candidate_text(std::size_t number, const Candidate& candidate) {
  std::string text =
      fmt::format("  {:>2}  {}\n      largest relative error {:.2g}{}\n", number, description_text(candidate),
                  candidate.largest_error,
                  candidate.is_exact ? "" : ", which is more than rounding: float32 constants in float64?");
  if (candidate.only_count) text += fmt::format("      {}\n", counting(*candidate.only_count));
  if (!candidate.open.empty()) text += fmt::format("      not determined: {}\n", open_text(candidate));
  if (candidate.same.size() > kMostSpellings) {
    text += fmt::format("      the same in {} other ways, which --json lists\n", candidate.same.size());
  } else {
    for (const Spelling& same : candidate.same) text += fmt::format("      the same: {}\n", same.options.text());
  }
  for (const Expression& expression : candidate.expressions) {
    text += fmt::format("      {} {}\n", expression.peer, python_call(expression));
  }
  if (candidate.expressions.empty()) text += "      no framework's: thalweg alone writes it so\n";
  return text;
}

/// All of them; of many only the options where no framework has the formula.
std::string candidates_text(const std::vector<Candidate>& candidates) {
  std::string text, others;
  std::size_t number = 0;
  for (const Candidate& candidate : candidates) {
    ++number;
    if (candidates.size() > kMostCandidates && candidate.expressions.empty()) {
      others += fmt::format("  {:>2}  {}\n", number, description_text(candidate));
    } else {
      text += candidate_text(number, candidate);
    }
  }
  return others.empty() ? text : text + "  And these, which no framework writes so:\n" + others;
}

/// The options with four digits, as they are not what anybody gave.
Options rounded(const Options& options) {
  Options result = options;
  for (const OptionInfo& info : options.rule().options) {
    const double value = std::strtod(about(options.get(info.name)).c_str(), nullptr);
    if (info.type == OptionType::real && info.range.contains(value)) result.set(info.name, value);
  }
  return result;
}

std::string near_text(const NearMiss& near) {
  std::string text = fmt::format("      {}\n      ", rounded(near.options).text());
  if (near.first_step > 1) text += fmt::format("reproduces the steps before {}, ", near.first_step);
  return text + fmt::format("differs from step {} on; largest relative error {:.2g}, updates off by {:.2g}\n",
                            near.first_step, near.largest_error, near.relative);
}

json number(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

json values_json(const Options& options) {
  json values = json::object();
  for (const OptionInfo& info : options.rule().options) {
    const double value = options.get(info.name);
    values[std::string(info.name)] = info.type == OptionType::boolean ? json(value != 0) : json(value);
  }
  return values;
}

json spelling_json(const Spelling& spelling) {
  json open = json::array();
  for (const OpenOption& option : spelling.open) {
    open.push_back({{"option", option.option}, {"low", number(option.low)}, {"high", number(option.high)}});
  }
  return {{"options", spelling.options.text()},
          {"rule", spelling.options.rule().name},
          {"values", values_json(spelling.options)},
          {"not_determined", open}};
}

json candidate_json(const Candidate& candidate) {
  json result = spelling_json(candidate);
  result["optimizer"] = description_text(candidate);
  result["largest_relative_error"] = candidate.largest_error;
  result["deviation"] = candidate.deviation;
  result["exact"] = candidate.is_exact;
  result["step_count"] = nullptr;
  if (candidate.only_count) {
    result["step_count"] = *candidate.only_count == StepCount::shared ? "shared" : "per_parameter";
  }
  result["same"] = json::array();
  for (const Spelling& same : candidate.same) result["same"].push_back(spelling_json(same));
  result["frameworks"] = json::array();
  for (const Expression& expression : candidate.expressions) {
    result["frameworks"].push_back({{"peer", expression.peer},
                                    {"name", expression.name},
                                    {"options", json::parse(expression.json)},
                                    {"call", python_call(expression)}});
  }
  return result;
}

}  // namespace

std::string report_text(const UnknownRun& run, const Answer& answer) {
  std::string text = heading(run) + '\n';
  if (!answer.nothing_to_tell.empty())
    return text + fmt::format("  Nothing can be told: {}.\n", answer.nothing_to_tell);
  if (answer.candidates.size() == 1) {
    text += "  One rule gives these numbers:\n";
  } else if (answer.candidates.size() > 1) {
    text += fmt::format("  {} candidates give these numbers; this recording cannot tell them apart:\n",
                        answer.candidates.size());
  } else {
    text += fmt::format("  No rule gives these numbers to {:.1g}.{}\n", answer.tolerance,
                        answer.near.empty() ? "" : " The nearest:");
  }
  text += candidates_text(answer.candidates);
  for (const NearMiss& near : answer.near) text += near_text(near);
  if (answer.is_cut_short) {
    text += "  The search was cut short: record fewer steps, or the parameters after more of them.\n";
  }
  for (std::size_t i = 0; i < answer.hints.size(); ++i) {
    const char* const lead = answer.candidates.empty() ? "  Mind:  " : "  To tell more, record:  ";
    text += fmt::format("{}{}\n",
                        i == 0                      ? lead
                        : answer.candidates.empty() ? "         "
                                                    : "                         ",
                        answer.hints[i]);
  }
  return text;
}

json report_json(const UnknownRun& run, const Answer& answer) {
  json result{{"id", run.recording.id},
              {"steps", run.recording.gradients.size()},
              {"elements", run.recording.start.size()},
              {"dtype", dtype(run)},
              {"dtype_guessed", run.is_type_guessed},
              {"left_out", run.left_out.empty() ? json(nullptr) : json(run.left_out)},
              {"tolerance", answer.tolerance},
              {"fits", answer.fits()},
              {"cut_short", answer.is_cut_short},
              {"nothing_to_tell", answer.nothing_to_tell.empty() ? json(nullptr) : json(answer.nothing_to_tell)},
              {"candidates", json::array()},
              {"near_misses", json::array()},
              {"hints", answer.hints}};
  for (const Candidate& candidate : answer.candidates) result["candidates"].push_back(candidate_json(candidate));
  for (const NearMiss& near : answer.near) {
    result["near_misses"].push_back({{"options", near.options.text()},
                                     {"rule", near.options.rule().name},
                                     {"values", values_json(near.options)},
                                     {"largest_relative_error", number(near.largest_error)},
                                     {"updates_off_by", number(near.relative)},
                                     {"differs_from_step", near.first_step}});
  }
  return result;
}

}  // namespace thalweg::lab::identify
