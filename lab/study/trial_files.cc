// Trial files: plans, write-once files, and one task's course.
#include "study/trial_files.h"

#include "json_text.h"
#include "store/crc32.h"
#include "store/folder_lock.h"
#include "study/new_study.h"
#include "study/run_tune.h"
#include "study/search_state.h"
#include "study/trial_folders.h"
#include "study/trial_json.h"
#include "tasks/task.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr const char *kPlan = "plan.json", *kRecords = "records.json", *kResult = "result.json";
constexpr std::chrono::milliseconds kBetweenLooks{500};

/// A value and its checksum, as the text of a file.
std::string sealed(const nlohmann::json& value) {
  const std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  Crc32 sum;
  sum.add(std::string_view(text));
  return fmt::format("{{\"crc32\": {}, \"value\": {}}}\n", sum.value(), text);
}

nlohmann::json read_sealed(const std::filesystem::path& file) {
  nlohmann::json json = read_json_file(file);
  try {
    nlohmann::json value = std::move(json.at("value"));
    Crc32 sum;
    const std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    sum.add(std::string_view(text));
    if (json.at("crc32").get<std::int64_t>() == sum.value()) return value;
  } catch (const nlohmann::json::exception&) {  // as below
  }
  throw Error(fmt::format("{}: damaged: it is not what was written; remove it, and run its task again", file.string()));
}

/// A name beside the file that no other task has, on this machine or another.
std::filesystem::path draft_of(const std::filesystem::path& file) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format("{}.{}-{}.tmp", file.string(), host.data(), getpid());
}

/// Puts the file in its place as a whole, unless one is there: false. It is written as `draft`, on the same disk.
bool write_once(const std::filesystem::path& file, const std::filesystem::path& draft, const std::string& text) {
  replace_file(draft, text);
  std::error_code reason;
  std::filesystem::create_hard_link(draft, file, reason);
  const bool exists = reason == std::errc::file_exists;
  if (reason && !exists && !std::filesystem::exists(file)) {
    // A file system without links: who comes last wins, with the same contents.
    std::filesystem::rename(draft, file, reason);
    if (reason) throw Error(fmt::format("cannot write {}: {}", file.string(), reason.message()));
    return true;
  }
  std::filesystem::remove(draft, reason);
  return !exists;
}

nlohmann::json runs_json(std::int64_t number, const std::vector<TrialData>& runs) {
  nlohmann::json json{{"number", number}, {"runs", nlohmann::json::array()}};
  for (const TrialData& run : runs) json["runs"].push_back(trial_json(run));
  return json;
}

/// What a process that was interrupted had told up to its last checkpoint; none where that is missing or damaged: then
/// the trial begins anew.
std::vector<TrialData> read_records(const std::filesystem::path& file) {
  std::vector<TrialData> runs;
  if (!std::filesystem::exists(file)) return runs;
  try {
    const nlohmann::json value = read_sealed(file);
    for (const nlohmann::json& run : value.at("runs")) runs.push_back(trial_from(run));
  } catch (const std::exception&) {
    runs.clear();
  }
  return runs;
}

/// Without what a repetition measures anew.
nlohmann::json timeless(nlohmann::json value) {
  for (nlohmann::json& run : value.at("runs")) {
    for (nlohmann::json& epoch : run.at("epochs")) {
      epoch.erase("seconds");
      epoch.erase("examples_per_second");
    }
    if (run.at("result").is_object()) run["result"].erase("seconds");
  }
  return value;
}

/// Removes the folder of a trial that has ended, where a process was killed before it did so.
void remove_ended(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) return;
  try {
    const FolderLock lock(folder);
    std::filesystem::remove_all(folder, ignored);
  } catch (const Error&) {  // whose process is still at it
  }
}

/// The trials that the proposal of this one sees, or may be rejected by, and that are not there yet.
std::vector<std::int64_t> missing_for(const TrialFiles& files, std::int64_t number) {
  std::vector<std::int64_t> missing;
  for (std::int64_t i = 0; i <= number - files.config().lag; ++i) {
    if (!files.has(i)) missing.push_back(i);
  }
  return missing;
}

std::string numbers_text(const std::vector<std::int64_t>& numbers) {
  constexpr std::size_t kShown = 10;
  const std::size_t count = std::min(numbers.size(), kShown);
  return fmt::format("{}{}", fmt::join(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(count), ", "),
                     count < numbers.size() ? fmt::format(" and {} more", numbers.size() - count) : "");
}

/// False if it was interrupted.
bool wait_for_others(const TrialFiles& files, std::int64_t number, const StudyHooks& hooks,
                     std::chrono::seconds patience) {
  std::vector<std::int64_t> missing = missing_for(files, number);
  if (missing.empty()) return true;
  if (hooks.on_message) {
    hooks.on_message(fmt::format("trial {} waits for {}, whose results its proposal sees", number,
                                 missing.size() == 1 ? fmt::format("trial {}", missing.front())
                                                     : fmt::format("trials {}", numbers_text(missing))));
  }
  auto last_came = std::chrono::steady_clock::now();
  while (!missing.empty()) {
    if (hooks.stop_requested != nullptr && *hooks.stop_requested) return false;
    std::this_thread::sleep_for(kBetweenLooks);
    std::vector<std::int64_t> now = missing_for(files, number);
    if (now.size() < missing.size()) last_came = std::chrono::steady_clock::now();
    missing = std::move(now);
    if (!missing.empty() && std::chrono::steady_clock::now() - last_came > patience) {
      throw Error(
          fmt::format("trial {}: no result of trials {} has come for {} s, and its proposal sees them; run "
                      "their tasks, or choose a larger --lag for the next search",
                      number, numbers_text(missing), patience.count()));
    }
  }
  return true;
}

}  // namespace

TrialFiles::TrialFiles(std::filesystem::path folder, StudyData plan)
    : folder_(std::move(folder)), plan_(std::move(plan)), config_(plan_.config.get<TuneConfig>()) {}

TrialFiles TrialFiles::open(const std::filesystem::path& folder, const TuneConfig& config, const std::string& task,
                            const std::string& command) {
  check_task(config, 0);
  std::error_code reason;
  std::filesystem::create_directories(folder / "tasks", reason);
  if (reason) throw Error(fmt::format("cannot create folder {}: {}", (folder / "tasks").string(), reason.message()));
  if (!std::filesystem::exists(folder / kPlan)) {
    write_once(folder / kPlan, draft_of(folder / kPlan),
               sealed(plan_json(new_study(folder, "tune", task, command, config))));
  }
  TrialFiles files = open(folder);
  const std::int64_t planned = files.config_.trials;
  try {
    check_continues(files.plan_.config, config);
    files.config_ = config;
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}; choose another --out", folder.string(), error.what()));
  }
  if (files.config_.trials > planned) {  // which are merged then
    files.plan_.config = files.config_;
    replace_file(folder / kPlan, sealed(plan_json(files.plan_)));
  }
  return files;
}

TrialFiles TrialFiles::open(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kPlan;
  if (!std::filesystem::exists(file)) {
    throw Error(fmt::format("{}: there is no {} in it: no task of a search (thalweg tune --task) has begun there",
                            folder.string(), kPlan));
  }
  const nlohmann::json json = read_sealed(file);
  try {
    return {folder, plan_from(json)};
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: {}", file.string(), plain_message(error)));
  }
}

std::filesystem::path TrialFiles::folder_of(std::int64_t number) const {
  return folder_ / "tasks" / std::to_string(number);
}

std::filesystem::path TrialFiles::file_of(std::int64_t number) const {
  return folder_ / "tasks" / fmt::format("{}.json", number);
}

bool TrialFiles::has(std::int64_t number) const { return std::filesystem::exists(file_of(number)); }

std::vector<TrialData> TrialFiles::read(std::int64_t number) const {
  const std::filesystem::path file = file_of(number);
  const nlohmann::json value = read_sealed(file);
  try {
    if (value.at("number").get<std::int64_t>() != number) throw Error("is another trial's");
    std::vector<TrialData> runs;
    for (const nlohmann::json& run : value.at("runs")) runs.push_back(trial_from(run));
    if (std::ssize(runs) != config_.runs())
      throw Error(fmt::format("has {} runs, not {}", runs.size(), config_.runs()));
    return runs;
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: {}", file.string(), plain_message(error)));
  }
}

void TrialFiles::write(std::int64_t number, const std::vector<TrialData>& runs) const {
  const nlohmann::json value = runs_json(number, runs);
  // A draft that a killed process leaves goes with the trial's folder.
  if (write_once(file_of(number), folder_of(number) / kResult, sealed(value))) return;
  if (timeless(read_sealed(file_of(number))) != timeless(nlohmann::json::parse(value.dump()))) {
    throw Error(
        fmt::format("{}: was written by another process meanwhile, with other results than here: this is "
                    "another machine, another version, or other data",
                    file_of(number).string()));
  }
}

void TrialFiles::remove_drafts() const {
  std::error_code ignored;  // what cannot be removed harms nobody
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(std::string(kPlan) + '.') && name.ends_with(".tmp")) {
      std::filesystem::remove(entry.path(), ignored);
    }
  }
}

bool train_task(const TrialFiles& files, std::int64_t number, const TrialRunner& runner, const StudyHooks& hooks,
                std::chrono::seconds patience) {
  check_task(files.config(), number);
  const auto is_done = [&] {
    if (!files.has(number)) return false;
    files.read(number);  // throws if it is damaged
    if (hooks.on_message) hooks.on_message(fmt::format("trial {} is there already", number));
    return true;
  };
  const std::filesystem::path folder = files.folder_of(number);
  std::error_code ignored;
  if (is_done()) {
    remove_ended(folder);
    return true;
  }
  if (!wait_for_others(files, number, hooks, patience)) return false;
  {
    const FolderLock lock = lock_folder(folder);
    if (is_done()) {
      std::filesystem::remove_all(folder, ignored);
      return true;
    }
    Store store = Store::in_memory(files.plan());
    for (std::int64_t i = 0; i <= number - files.config().lag; ++i) store.add_trials(files.read(i));
    const std::filesystem::path records = folder / kRecords;
    const std::vector<TrialData> told = read_records(records);
    store.add_trials(told);
    // A checkpoint without what was told up to it is of no use.
    if (told.empty()) TrialFolders(folder).keep_only_unfinished({});
    const auto runs = [&] {
      std::vector<TrialData> all = store.load().trials;
      std::erase_if(all, [&](const TrialData& run) { return run.number != number; });
      return all;
    };
    StudyHooks own = hooks;
    own.before_checkpoint = [&] { replace_file(records, sealed(runs_json(number, runs()))); };
    const StudyEnd end = run_tune(files.config(), store, folder, runner, own, {.seconds = {}, .only = number});
    if (end == StudyEnd::interrupted) return false;
    files.write(number, runs());
  }
  std::filesystem::remove_all(folder, ignored);
  return true;
}

std::vector<std::int64_t> merge(const TrialFiles& files, Store& store) {
  const StudyData study = store.load();
  std::vector<std::int64_t> missing;
  std::vector<TrialData> runs;
  for (std::int64_t number = 0; number < files.config().trials; ++number) {
    const bool has = std::ranges::find(study.trials, std::optional(number), &TrialData::number) != study.trials.end();
    if (has) continue;
    if (!files.has(number)) {
      missing.push_back(number);
      continue;
    }
    std::vector<TrialData> trial = files.read(number);
    std::move(trial.begin(), trial.end(), std::back_inserter(runs));
  }
  store.add_trials(runs);
  if (missing.empty()) files.remove_drafts();
  return missing;
}

}  // namespace thalweg::lab
