// Event files: records, protobuf messages and the file they are appended to.
#include "tensorboard/event_file.h"

#include "page/folder.h"

#include <thalweg/error.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/crc.hpp>
#include <protozero/pbf_writer.hpp>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace thalweg::lab {
namespace {

using protozero::pbf_writer;

static_assert(std::endian::native == std::endian::little, "records are little-endian");

/// Fields of the messages, by their numbers in the protocol.
namespace event {
enum : protozero::pbf_tag_type { wall_time = 1, step = 2, file_version = 3, summary = 5 };
}
namespace value {
enum : protozero::pbf_tag_type { tag = 1, simple_value = 2, histo = 5, tensor = 8, metadata = 9 };
}
namespace histogram_field {
enum : protozero::pbf_tag_type { min = 1, max, num, sum, sum_squares, bucket_limit, bucket };
}
namespace session {
enum : protozero::pbf_tag_type { start = 3, end = 4 };
}
constexpr protozero::pbf_tag_type kSummaryValue = 1, kPluginData = 1, kPluginName = 1, kPluginContent = 2;
constexpr protozero::pbf_tag_type kTensorType = 1, kTensorShape = 2, kTensorString = 8, kShapeDimension = 2,
                                  kDimensionSize = 1;
constexpr std::int32_t kString = 7;  // of tensorflow.DataType

/// Masked CRC-32C (Castagnoli), as TensorFlow's records have it.
std::uint32_t checksum(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return std::rotr(crc.checksum(), 15) + 0xA282EAD8;
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

template <class Number>
void append(std::string& bytes, Number number) {
  std::array<char, sizeof number> raw{};
  std::memcpy(raw.data(), &number, sizeof number);
  bytes.append(raw.data(), raw.size());
}

/// An event whose summary `write` fills.
template <class Write>
std::string summary_event(std::int64_t step, const Write& write) {
  std::string bytes;
  pbf_writer message(bytes);
  message.add_double(event::wall_time, now());
  message.add_int64(event::step, step);
  pbf_writer summary(message, event::summary);
  write(summary);
  summary.commit();
  return bytes;
}

void add_plugin(pbf_writer& value, std::string_view name, std::string_view content) {
  pbf_writer metadata(value, value::metadata);
  pbf_writer plugin(metadata, kPluginData);
  plugin.add_string(kPluginName, name.data(), name.size());
  if (!content.empty()) plugin.add_bytes(kPluginContent, content.data(), content.size());
}

/// `content` in an empty tensor's metadata: how the plugin of hyper-parameters keeps what it knows.
std::string session_event(const char* tag, const std::string& content) {
  return summary_event(0, [&](pbf_writer& summary) {
    pbf_writer value(summary, kSummaryValue);
    value.add_string(value::tag, tag);
    value.add_message(value::tensor, std::string());
    add_plugin(value, "hparams", content);
  });
}

/// google.protobuf.Value.
std::string value_message(const nlohmann::json& json) {
  std::string bytes;
  pbf_writer value(bytes);
  if (json.is_boolean()) {
    value.add_bool(4, json.get<bool>());
  } else if (json.is_number()) {
    value.add_double(2, json.get<double>());
  } else {
    value.add_string(3, json.is_string() ? json.get<std::string>() : json.dump());
  }
  return bytes;
}

[[noreturn]] void fail(const std::filesystem::path& path, const char* call) {
  throw Error(fmt::format("{}: {}: {}", path.string(), call, std::strerror(errno)));
}

std::filesystem::path new_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0') std::strcpy(host.data(), "localhost");
  return fmt::format("events.out.tfevents.{}.{}.{}", static_cast<std::int64_t>(now()), host.data(), getpid());
}

}  // namespace

void check_has_no_events(const std::filesystem::path& folder) {
  std::error_code not_there;  // or no folder: then making it fails
  for (const auto& entry : std::filesystem::directory_iterator(folder, not_there)) {
    if (entry.path().filename().string().find("tfevents") == std::string::npos) continue;
    throw Error(
        fmt::format("{}: holds the events of another run, which TensorBoard would mix with this one's; give "
                    "each run a folder of its own, or remove {}",
                    folder.string(), entry.path().filename().string()));
  }
}

EventFile EventFile::create(const std::filesystem::path& folder) {
  create_folder(folder);
  const std::filesystem::path path = std::filesystem::absolute(folder) / new_name();
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) fail(path, "open");
  EventFile file(path, descriptor, 0);
  std::string bytes;
  pbf_writer message(bytes);
  message.add_double(event::wall_time, now());
  message.add_string(event::file_version, "brain.Event:2");
  file.add_record(bytes);
  return file;
}

EventFile EventFile::reopen(const EventPlace& place) {
  const int descriptor = open(place.file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor < 0) fail(place.file, "open");
  EventFile file(place.file, descriptor, place.bytes);
  struct stat status {};
  if (fstat(descriptor, &status) != 0) fail(place.file, "fstat");
  if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) < place.bytes) {
    throw Error(fmt::format("{}: has {} bytes; the run left {}", place.file, status.st_size, place.bytes));
  }
  if (ftruncate(descriptor, static_cast<off_t>(place.bytes)) != 0) fail(place.file, "ftruncate");
  return file;
}

EventFile::EventFile(EventFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), bytes_(other.bytes_) {}

EventFile::~EventFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

void EventFile::add_scalars(std::int64_t step, const Scalars& scalars) {
  if (scalars.empty()) return;
  add_record(summary_event(step, [&](pbf_writer& summary) {
    for (const auto& [tag, number] : scalars) {
      pbf_writer value(summary, kSummaryValue);
      value.add_string(value::tag, tag);
      value.add_float(value::simple_value, static_cast<float>(number));
    }
  }));
}

void EventFile::add_histogram(std::int64_t step, const std::string& tag, const Histogram& histogram) {
  add_record(summary_event(step, [&](pbf_writer& summary) {
    pbf_writer value(summary, kSummaryValue);
    value.add_string(value::tag, tag);
    pbf_writer histo(value, value::histo);
    histo.add_double(histogram_field::min, histogram.least);
    histo.add_double(histogram_field::max, histogram.greatest);
    histo.add_double(histogram_field::num, histogram.count);
    histo.add_double(histogram_field::sum, histogram.sum);
    histo.add_double(histogram_field::sum_squares, histogram.sum_of_squares);
    histo.add_packed_double(histogram_field::bucket_limit, histogram.limits.begin(), histogram.limits.end());
    histo.add_packed_double(histogram_field::bucket, histogram.counts.begin(), histogram.counts.end());
  }));
}

void EventFile::add_text(const std::string& tag, const std::string& text) {
  add_record(summary_event(0, [&](pbf_writer& summary) {
    pbf_writer value(summary, kSummaryValue);
    value.add_string(value::tag, tag + "/text_summary");
    {
      pbf_writer tensor(value, value::tensor);
      tensor.add_int32(kTensorType, kString);
      {
        pbf_writer shape(tensor, kTensorShape);
        pbf_writer dimension(shape, kShapeDimension);
        dimension.add_int64(kDimensionSize, 1);
      }
      tensor.add_bytes(kTensorString, text);
    }
    add_plugin(value, "text", {});
  }));
}

void EventFile::begin_session(const HyperParameters& parameters) {
  std::string content;
  pbf_writer data(content);
  data.add_int32(1, 0);  // its version
  {
    pbf_writer start(data, session::start);
    for (const auto& [name, json] : parameters) {
      pbf_writer entry(start, 1);
      entry.add_string(1, name);
      entry.add_message(2, value_message(json));
    }
    start.add_double(5, now());
  }
  add_record(session_event("_hparams_/session_start_info", content));
}

void EventFile::end_session(bool succeeded) {
  std::string content;
  pbf_writer data(content);
  data.add_int32(1, 0);
  {
    pbf_writer end(data, session::end);
    end.add_enum(1, succeeded ? 1 : 2);
    end.add_double(2, now());
  }
  add_record(session_event("_hparams_/session_end_info", content));
}

EventPlace EventFile::place() {
  if (fdatasync(descriptor_) != 0) fail(path_, "fdatasync");
  return {.file = path_.string(), .bytes = bytes_};
}

void EventFile::add_record(std::string_view payload) {
  std::string record;
  append(record, static_cast<std::uint64_t>(payload.size()));
  append(record, checksum(record));
  record += payload;
  append(record, checksum(payload));
  for (std::string_view rest = record; !rest.empty();) {
    const ssize_t written = write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path_, "write");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  bytes_ += record.size();
}

}  // namespace thalweg::lab
