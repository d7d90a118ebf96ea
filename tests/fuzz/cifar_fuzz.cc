// libFuzzer target: any bytes as a file of CIFAR-10 and of CIFAR-100, beside files that are in order. They are refused
// by an Error, or become as many images as there are records, whose bytes and labels are those of the file.
#include "data/cifar.h"
#include "data/gzip.h"
#include "memory_file.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace {

using thalweg::lab::Cifar;
using thalweg::lab::test::MemoryFile;
using thalweg::lab::test::require;

constexpr std::size_t kPixels = 3072;

/// A folder whose files are links to files in memory.
class LinkFolder {
 public:
  LinkFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "thalweg-fuzz-XXXXXX").string();
    require(mkdtemp(pattern.data()) != nullptr, "no folder");
    path_ = pattern;
  }
  ~LinkFolder() { std::filesystem::remove_all(path_); }
  LinkFolder(const LinkFolder&) = delete;
  LinkFolder& operator=(const LinkFolder&) = delete;
  void link(const char* name, const MemoryFile& file) const {
    std::filesystem::remove(path_ / name);
    std::filesystem::create_symlink(file.path(), path_ / name);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Reads the bytes as `tested`, beside `others` of one record in order.
void check(Cifar (*read)(const std::filesystem::path&), std::span<const std::uint8_t> bytes, std::size_t labels,
           const char* tested, const std::vector<const char*>& others) {
  static const LinkFolder folder;
  const std::vector<std::uint8_t> record(labels + kPixels);
  const MemoryFile whole(record), file(bytes);
  for (const char* const name : others) folder.link(name, whole);
  folder.link(tested, file);
  try {
    const Cifar cifar = read(folder.path());
    require(cifar.class_names.empty(), "names from nowhere");
    require(cifar.train.count == static_cast<std::int64_t>(cifar.train.labels.size()), "labels are not as many");
    require(cifar.test.pixels.size() == static_cast<std::size_t>(cifar.test.count) * kPixels, "pixels are not as many");
    for (const std::uint8_t label : cifar.test.labels) require(label < cifar.classes, "a label is no class");
    if (thalweg::lab::is_gzip(bytes)) return;
    require(bytes.size() == cifar.test.labels.size() * (labels + kPixels), "records are not as many");
    for (std::size_t i = 0; i < cifar.test.labels.size(); ++i) {
      const std::span<const std::uint8_t> stored = bytes.subspan(i * (labels + kPixels), labels + kPixels);
      require(stored[labels - 1] == cifar.test.labels[i], "another label");
      require(std::equal(stored.begin() + static_cast<std::ptrdiff_t>(labels), stored.end(),
                         cifar.test.pixels.begin() + static_cast<std::ptrdiff_t>(i * kPixels)),
              "other pixels");
    }
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
  }
}

// Any bytes as names of the ten classes.
void check_names(std::span<const std::uint8_t> bytes) {
  static const LinkFolder folder;
  const std::vector<std::uint8_t> record(1 + kPixels);
  const MemoryFile whole(record), names(bytes);
  for (const char* const name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                                 "data_batch_5.bin", "test_batch.bin"}) {
    folder.link(name, whole);
  }
  folder.link("batches.meta.txt", names);
  try {
    const Cifar cifar = thalweg::lab::read_cifar10(folder.path());
    require(cifar.class_names.size() == 10, "names are not as many");
    for (const std::string& name : cifar.class_names) require(!name.empty(), "an empty name");
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte says what the others are.
  std::vector<std::uint8_t> bytes(data + 1, data + size);
  switch (data[0] % 3) {
    case 0:
      check_names(bytes);
      break;
    case 1:
      // Whole records are not found by chance.
      if (data[0] % 2 == 0) bytes.resize((bytes.size() / (1 + kPixels) + 1) * (1 + kPixels));
      check(&thalweg::lab::read_cifar10, bytes, 1, "test_batch.bin",
            {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"});
      break;
    default:
      if (data[0] % 2 == 0) bytes.resize((bytes.size() / (2 + kPixels) + 1) * (2 + kPixels));
      check(&thalweg::lab::read_cifar100, bytes, 2, "test.bin", {"train.bin"});
      break;
  }
  return 0;
}
