// The recordings of other frameworks (tests/goldens/PEER.json.gz) as text.
#pragma once

#include <thalweg/error.h>

#include <zlib.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace thalweg::tests {

/// The JSON text of one framework's recordings. Throws Error if the file is missing or damaged.
inline std::string read_golden_file(const std::string& peer) {
  const std::string path = std::string(THALWEG_GOLDENS) + '/' + peer + ".json.gz";
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), &gzclose);
  if (file == nullptr) throw Error(path + ": cannot be opened");
  std::string text;
  std::array<char, 1 << 16> block{};
  int got = 0;
  while ((got = gzread(file.get(), block.data(), block.size())) > 0) {
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  if (got < 0) throw Error(path + ": is damaged");
  return text;
}

}  // namespace thalweg::tests
