// Messages between a study and its workers as lines of JSON.
#include "study/worker_messages.h"

#include "json_text.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace thalweg::lab {
namespace {

constexpr std::size_t kShown = 120;  // characters of a foreign line in an error

std::string line_of(const char* kind, const nlohmann::json& value) {
  // An error's text may hold anything, file names in any encoding for one.
  return nlohmann::json{{kind, value}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

Progress read_progress(const nlohmann::json& json) {
  // JSON has no NaN: what is not finite comes as null.
  const auto real = [&](std::size_t i) { return json.at(i).is_null() ? 0.0 : json.at(i).get<double>(); };
  return {.epoch = json.at(0),
          .epochs = json.at(1),
          .batch = json.at(2),
          .batches = json.at(3),
          .loss = real(4),
          .metric = json.at(5),
          .value = real(6),
          .examples_per_second = real(7)};
}

}  // namespace

std::string to_line(const Job& job) {
  nlohmann::json json{{"trial", job.trial}, {"config", job.config}, {"checkpoint", job.checkpoint.string()}};
  if (job.pause_after) json["pause_after"] = *job.pause_after;
  if (!job.program.words.empty()) json["program"] = job.program;
  return json.dump() + '\n';
}

Job read_job(std::string_view line) {
  try {
    const nlohmann::json json = parse_json(line, "job");
    Job job{.trial = json.at("trial").get<std::int64_t>(),
            .config = json.at("config").get<TrainingConfig>(),
            .checkpoint = json.at("checkpoint").get<std::string>()};
    if (json.contains("pause_after")) job.pause_after = json["pause_after"].get<std::int64_t>();
    if (json.contains("program")) json["program"].get_to(job.program);
    return job;
  } catch (const std::exception& error) {
    throw MessageError(fmt::format("worker: no job: {} ({})", line.substr(0, kShown), plain_message(error)));
  }
}

std::string begin_line(std::int64_t after_step) { return line_of("begin", after_step); }
std::string progress_line(const Progress& progress) {
  return line_of("progress", {progress.epoch, progress.epochs, progress.batch, progress.batches, progress.loss,
                              progress.metric, progress.value, progress.examples_per_second});
}
std::string step_line(const StepRecord& record) { return line_of("step", record); }
std::string diagnostics_line(const DiagnosticRecord& record) { return line_of("diagnostics", record); }
std::string epoch_line(const EpochRecord& record) { return line_of("epoch", record); }
std::string checkpoint_line() { return line_of("checkpoint", true); }
std::string result_line(const TrainingResult& result) { return line_of("result", result); }
std::string paused_line() { return line_of("paused", true); }
std::string error_line(const std::string& error) { return line_of("error", error); }

Delivered deliver(std::string_view line, std::int64_t trial, TrialEvents& events) {
  nlohmann::json json;
  std::string kind;
  std::function<void()> tell;
  try {
    json = parse_json(line, "message");
    kind = json.size() == 1 && json.is_object() ? json.begin().key() : std::string();
    if (kind == "begin") {
      tell = [&, after = json[kind].get<std::int64_t>()] { events.begins(trial, after); };
    } else if (kind == "checkpoint") {
      tell = [&] { events.before_checkpoint(trial); };
    } else if (kind == "paused") {
      tell = [&] { events.paused(trial); };
    } else if (kind == "progress") {
      tell = [&, progress = read_progress(json[kind])] { events.progressed(trial, progress); };
    } else if (kind == "step") {
      tell = [&, record = json[kind].get<StepRecord>()] { events.step(trial, record); };
    } else if (kind == "diagnostics") {
      tell = [&, record = json[kind].get<DiagnosticRecord>()] { events.diagnostics(trial, record); };
    } else if (kind == "epoch") {
      tell = [&, record = json[kind].get<EpochRecord>()] { events.epoch(trial, record); };
    } else if (kind == "result") {
      tell = [&, result = json[kind].get<TrainingResult>()] { events.finished(trial, result); };
    } else if (kind == "error") {
      tell = [&, error = json[kind].get<std::string>()] { events.failed(trial, error); };
    } else {
      throw Error("unknown kind");
    }
  } catch (const std::exception& error) {
    throw MessageError(fmt::format("no message of a worker: {} ({})", line.substr(0, kShown), plain_message(error)));
  }
  tell();
  if (kind == "checkpoint") return Delivered::asks;
  return kind == "result" || kind == "paused" || kind == "error" ? Delivered::last : Delivered::more;
}

}  // namespace thalweg::lab
