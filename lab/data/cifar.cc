// CIFAR-10 and CIFAR-100, the binary versions: read and checked completely.
//
// Records of CIFAR-10: label, 1024 red, 1024 green, 1024 blue bytes; of CIFAR-100: coarse label, fine label, the same.
// https://www.cs.toronto.edu/~kriz/cifar.html
#include "data/cifar.h"

#include "data/content_reader.h"
#include "data/utf8_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::size_t kPixels = static_cast<std::size_t>(kCifarChannels * kCifarSide * kCifarSide);
constexpr std::uint64_t kMostRecords = 1'000'000;  // of a file: the real ones have 10,000 and 50,000
constexpr std::uint64_t kMostNameBytes = 65536;

struct Label {
  const char* name;
  int classes;
};

// What tells the two sets apart. A record's last label is its class.
struct Layout {
  const char* name;
  const char* archive;
  const char* subfolder;
  std::vector<std::string> train_files;
  std::string test_file, names_file;
  std::vector<std::string> python_files;  // of the version that cannot be read
  std::vector<Label> labels;

  std::size_t record_bytes() const { return labels.size() + kPixels; }
  int classes() const { return labels.back().classes; }
};

Layout cifar10_layout() {
  return {
      .name = "CIFAR-10",
      .archive = "cifar-10-binary.tar.gz",
      .subfolder = "cifar-10-batches-bin",
      .train_files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                      "data_batch_5.bin"},
      .test_file = "test_batch.bin",
      .names_file = "batches.meta.txt",
      .python_files = {"data_batch_1", "test_batch", "batches.meta", "cifar-10-batches-py", "cifar-10-python.tar.gz"},
      .labels = {{"label", 10}}};
}

Layout cifar100_layout() {
  return {.name = "CIFAR-100",
          .archive = "cifar-100-binary.tar.gz",
          .subfolder = "cifar-100-binary",
          .train_files = {"train.bin"},
          .test_file = "test.bin",
          .names_file = "fine_label_names.txt",
          .python_files = {"train", "test", "meta", "cifar-100-python", "cifar-100-python.tar.gz"},
          .labels = {{"coarse label", 20}, {"fine label", 100}}};
}

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// The file by its name, or compressed beside it.
std::optional<std::filesystem::path> find(const std::filesystem::path& folder, const std::string& name) {
  for (const char* const end : {"", ".gz"}) {
    if (is_there(folder / (name + end))) return folder / (name + end);
  }
  return std::nullopt;
}

std::vector<std::string> files_of(const Layout& layout) {
  std::vector<std::string> files = layout.train_files;
  files.push_back(layout.test_file);
  return files;
}

std::vector<std::string> missing_files(const Layout& layout, const std::filesystem::path& folder) {
  std::vector<std::string> missing = files_of(layout);
  std::erase_if(missing, [&](const std::string& name) { return find(folder, name).has_value(); });
  return missing;
}

[[noreturn]] void fail_of_missing(const Layout& layout, const std::filesystem::path& folder,
                                  const std::vector<std::string>& missing) {
  const std::string wanted = fmt::format("the binary version of {} ({})", layout.name, layout.archive);
  if (is_there(folder / layout.archive)) {
    throw Error(fmt::format("{}: {} is still packed; `tar -xzf {} -C {}` unpacks it", folder.string(), layout.archive,
                            (folder / layout.archive).string(), folder.string()));
  }
  // Names such as `train` are many folders' own, so that they tell something only where nothing else is there.
  if (missing.size() == files_of(layout).size()) {
    for (const std::string& name : layout.python_files) {
      if (!is_there(folder / name)) continue;
      throw Error(fmt::format("{}: {} looks like the Python version, which is not read; wanted is {}", folder.string(),
                              name, wanted));
    }
  }
  throw Error(fmt::format("{}: there is no {}, nor a subfolder {} with it; wanted is {}", folder.string(),
                          fmt::join(missing, ", no "), layout.subfolder, wanted));
}

// The folder given or its subfolder: where the files are, all of them.
std::filesystem::path find_folder(const Layout& layout, const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw Error(fmt::format("{}: is not a folder; expected one that holds {}", folder.string(), layout.subfolder));
  }
  const std::vector<std::string> missing = missing_files(layout, folder);
  if (missing.empty()) return folder;
  std::filesystem::path inner = folder / layout.subfolder;
  if (missing.size() < files_of(layout).size() || !std::filesystem::is_directory(inner, ignored)) {
    fail_of_missing(layout, folder, missing);
  }
  const std::vector<std::string> missing_inside = missing_files(layout, inner);
  if (!missing_inside.empty()) fail_of_missing(layout, inner, missing_inside);
  return inner;
}

void check_labels(const Layout& layout, const std::filesystem::path& file, std::uint64_t offset,
                  std::span<const std::uint8_t> record) {
  for (std::size_t i = 0; i < layout.labels.size(); ++i) {
    const auto [name, classes] = layout.labels[i];
    if (record[i] < classes) continue;
    // Pickles of protocol 2 and later begin so.
    const bool pickle = offset == 0 && record[0] == 0x80 && record[1] <= 5;
    fail_at(file, offset + i,
            fmt::format(
                "{} {} is outside 0 … {}{}", name, record[i], classes - 1,
                pickle ? fmt::format("; the file looks like the Python version: wanted is {}", layout.archive) : ""));
  }
}

// Pixels and labels while they grow.
struct Records {
  std::vector<std::uint8_t> pixels, labels;
};

// Appends a file's records.
void read_records(const Layout& layout, const std::filesystem::path& file, Records& records) {
  constexpr std::size_t kAtOnce = 64;
  const std::size_t size = layout.record_bytes();
  ContentReader reader(file);
  // Before anything is read: a plain file of another length holds something else.
  if (!reader.compressed() && reader.file_size() % size != 0) {
    fail_at(
        file, reader.file_size() - reader.file_size() % size,
        fmt::format("{} bytes of a record are here, the file's length {} is not a multiple of {}; {} has records of "
                    "{} bytes",
                    reader.file_size() % size, reader.file_size(), size, layout.name, size));
  }
  std::vector<std::uint8_t> piece(kAtOnce * size);
  std::uint64_t read = 0;
  while (true) {
    const std::size_t got = reader.read(piece);
    if (got % size != 0) {
      fail_at(file, (read + got / size) * size,
              fmt::format("the contents end within this record, after {} of {} bytes", got % size, size));
    }
    for (std::size_t begin = 0; begin < got; begin += size, ++read) {
      const std::span<const std::uint8_t> record = std::span(piece).subspan(begin, size);
      if (read == kMostRecords) fail_at(file, read * size, fmt::format("more than {} records", kMostRecords));
      check_labels(layout, file, read * size, record);
      records.labels.push_back(record[layout.labels.size() - 1]);
      records.pixels.insert(records.pixels.end(), record.end() - kPixels, record.end());
    }
    if (got < piece.size()) break;
  }
  if (read == 0) fail_at(file, 0, "the file is empty; expected at least one record");
}

// Bytes that the records of plain files take; of compressed ones nobody knows it beforehand.
std::uint64_t expected_records(const Layout& layout, const std::vector<std::filesystem::path>& files) {
  std::uint64_t records = 0;
  for (const std::filesystem::path& file : files) {
    const ContentReader reader(file);
    if (!reader.compressed()) records += std::min(reader.file_size() / layout.record_bytes(), kMostRecords);
  }
  return records;
}

LabelledImages read_part(const Layout& layout, const std::filesystem::path& folder,
                         const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> files;
  for (const std::string& name : names) {
    const std::optional<std::filesystem::path> file = find(folder, name);
    if (!file) fail_of_missing(layout, folder, {name});
    files.push_back(*file);
  }
  try {
    Records records;
    const std::uint64_t expected = expected_records(layout, files);
    records.labels.reserve(expected);
    records.pixels.reserve(expected * kPixels);
    for (const std::filesystem::path& file : files) read_records(layout, file, records);
    LabelledImages part;
    part.count = static_cast<std::int64_t>(records.labels.size());
    part.labels = std::move(records.labels);
    const auto owner = std::make_shared<const std::vector<std::uint8_t>>(std::move(records.pixels));
    part.pixels = *owner;
    part.owner = owner;
    return part;
  } catch (const std::bad_alloc&) {
    fail_of_memory(folder, fmt::format("the images of {}", fmt::join(names, ", ")));
  }
}

// One name a line; empty lines at the end are none.
std::vector<std::string> read_names(const std::filesystem::path& file, std::size_t classes) {
  const std::vector<std::uint8_t> bytes = read_contents(file, kMostNameBytes);
  std::vector<std::string> names(1);
  for (const std::uint8_t byte : bytes) {
    if (byte == '\n') {
      names.emplace_back();
    } else {
      names.back() += static_cast<char>(byte);
    }
  }
  for (std::string& name : names) {
    if (name.ends_with('\r')) name.pop_back();
  }
  while (!names.empty() && names.back().empty()) names.pop_back();
  for (std::size_t line = 0; line < names.size(); ++line) {
    if (names[line].empty() || !is_printable(names[line])) {
      throw Error(fmt::format("{}: line {}: {}; expected the name of class {}", file.string(), line + 1,
                              names[line].empty() ? "is empty" : "is not printable UTF-8", line));
    }
  }
  if (names.size() != classes) {
    throw Error(fmt::format("{}: {} names; expected {}, one a line", file.string(), names.size(), classes));
  }
  return names;
}

Cifar read(const Layout& layout, const std::filesystem::path& given) {
  Cifar cifar;
  cifar.folder = find_folder(layout, given);
  cifar.classes = layout.classes();
  if (const auto names = find(cifar.folder, layout.names_file)) {
    cifar.class_names = read_names(*names, static_cast<std::size_t>(cifar.classes));
  }
  cifar.train = read_part(layout, cifar.folder, layout.train_files);
  cifar.test = read_part(layout, cifar.folder, {layout.test_file});
  return cifar;
}

}  // namespace

Cifar read_cifar10(const std::filesystem::path& folder) { return read(cifar10_layout(), folder); }

Cifar read_cifar100(const std::filesystem::path& folder) { return read(cifar100_layout(), folder); }

}  // namespace thalweg::lab
