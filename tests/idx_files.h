// Writes small IDX data sets, plain or gzip, for tests of the lab.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace thalweg::lab::test {

using Bytes = std::vector<std::uint8_t>;

/// A folder of the test's own under the system's temporary one, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "thalweg-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_bytes(const std::filesystem::path& file, const Bytes& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline Bytes read_bytes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void append_size(Bytes& bytes, std::uint32_t size) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(size >> shift));
}

/// Header and data of an IDX file of unsigned bytes.
inline Bytes idx_bytes(const std::vector<std::uint32_t>& shape, const Bytes& data) {
  Bytes bytes{0, 0, 8, static_cast<std::uint8_t>(shape.size())};
  for (const std::uint32_t size : shape) append_size(bytes, size);
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

inline Bytes gzip_bytes(const Bytes& plain) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  Bytes result(deflateBound(&stream, plain.size()) + 64);
  stream.next_in = const_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = result.data();
  stream.avail_out = static_cast<uInt>(result.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate failed");
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

/// Images that can be learned: label k has a bright square at a place of its own, over noise.
inline void write_learnable_dataset(const std::filesystem::path& folder, std::uint32_t train, std::uint32_t test,
                                    std::uint32_t side = 12) {
  std::uint32_t state = 12345;
  const auto noise = [&state] {
    state = state * 1664525u + 1013904223u;
    return state >> 24;
  };
  const auto part = [&](const char* name, std::uint32_t count) {
    Bytes pixels, labels;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t label = noise() % 10;
      labels.push_back(static_cast<std::uint8_t>(label));
      for (std::uint32_t y = 0; y < side; ++y) {
        for (std::uint32_t x = 0; x < side; ++x) {
          const bool bright = y / 3 == label / 4 && x / 3 == label % 4;
          pixels.push_back(static_cast<std::uint8_t>(noise() / 2 + (bright ? 100 : 0)));
        }
      }
    }
    write_bytes(folder / (std::string(name) + "-images-idx3-ubyte"), idx_bytes({count, side, side}, pixels));
    write_bytes(folder / (std::string(name) + "-labels-idx1-ubyte"), idx_bytes({count}, labels));
  };
  part("train", train);
  part("t10k", test);
}

}  // namespace thalweg::lab::test
