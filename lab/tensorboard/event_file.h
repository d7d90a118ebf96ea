// EventFile: a file of events as TensorBoard reads them.
#pragma once

#include "tensorboard/histogram.h"
#include "training/event_place.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// Values by tag; tags with the same words in front of a / are shown together.
using Scalars = std::vector<std::pair<std::string, double>>;

/// What a run begins with: name, and a text or a number.
using HyperParameters = std::vector<std::pair<std::string, nlohmann::json>>;

/// Throws thalweg::Error if the folder has an event file: TensorBoard takes all of a folder for one run.
void check_has_no_events(const std::filesystem::path& folder);

/// Appends events to a file, each with one call of the system, so that TensorBoard shows a run while it goes on.
/// Layout: records with masked CRC-32C around protobuf messages `Event` (tensorflow/core/util/event.proto and
/// tensorflow/core/framework/summary.proto). Every call throws thalweg::Error with the file and the system's reason.
class EventFile {
 public:
  /// A new one in this folder, which is made if need be.
  static EventFile create(const std::filesystem::path& folder);
  /// The one at this place, cut off there. Throws also if the file is shorter.
  static EventFile reopen(const EventPlace& place);

  EventFile(EventFile&& other) noexcept;
  EventFile& operator=(EventFile&&) = delete;
  ~EventFile();

  void add_scalars(std::int64_t step, const Scalars& scalars);
  void add_histogram(std::int64_t step, const std::string& tag, const Histogram& histogram);
  /// Markdown.
  void add_text(const std::string& tag, const std::string& text);
  /// For the tab that compares runs by their hyper-parameters: at the beginning of a run, and at its end.
  void begin_session(const HyperParameters& parameters);
  void end_session(bool succeeded);

  /// Where it stands now, after all of it has reached the disk.
  EventPlace place();
  const std::filesystem::path& path() const { return path_; }

 private:
  EventFile(std::filesystem::path path, int descriptor, std::uint64_t bytes)
      : path_(std::move(path)), descriptor_(descriptor), bytes_(bytes) {}
  void add_record(std::string_view payload);

  std::filesystem::path path_;
  int descriptor_;
  std::uint64_t bytes_;
};

}  // namespace thalweg::lab
