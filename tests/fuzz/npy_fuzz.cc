// libFuzzer target: any bytes as a .npy file. It is refused by an Error, or holds as many bytes as shape and type say,
// and converts to as many numbers, or says which element does not fit; written again row-major, it is the same array.
#include "data/npy.h"
#include "memory_file.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace {

using thalweg::lab::NpyArray;
using thalweg::lab::test::MemoryFile;
using thalweg::lab::test::require;

std::optional<NpyArray> read(std::span<const std::uint8_t> bytes) {
  const MemoryFile file(bytes);
  try {
    return thalweg::lab::read_npy(file.path());
  } catch (const thalweg::Error& error) {
    require(std::string(error.what()).find("offset") != std::string::npos, "an error without an offset");
    return std::nullopt;
  }
}

template <class Convert>
void convert(const NpyArray& array, const Convert& convert) {
  try {
    const auto numbers = convert(array);
    require(numbers.size() == static_cast<std::size_t>(array.count()), "numbers are not as many");
    for (const auto number : numbers) require(std::isfinite(static_cast<double>(number)), "a number is not finite");
  } catch (const thalweg::Error& error) {
    require(std::string(error.what()).find("element [") != std::string::npos, "an error without an element");
  }
}

std::vector<std::uint8_t> written(const NpyArray& array) {
  constexpr const char* kCodes[] = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"};
  std::string header = std::string("{'descr': '") + kCodes[static_cast<std::size_t>(array.type)] +
                       "', 'fortran_order': False, 'shape': (";
  for (const std::int64_t size : array.shape) header += std::to_string(size) + ", ";
  header += ")}\n";
  std::vector<std::uint8_t> bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  bytes.push_back(static_cast<std::uint8_t>(header.size()));
  bytes.push_back(static_cast<std::uint8_t>(header.size() >> 8));
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), array.bytes.begin(), array.bytes.end());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::optional<NpyArray> array = read({data, size});
  if (!array) return 0;
  std::size_t expected = thalweg::lab::npy_type_bytes(array->type);
  for (const std::int64_t extent : array->shape) expected *= static_cast<std::size_t>(extent);
  require(array->bytes.size() == expected, "shape and bytes differ");
  convert(*array, thalweg::lab::to_floats);
  convert(*array, thalweg::lab::to_doubles);
  convert(*array, [](const NpyArray& whole) { return thalweg::lab::to_integers(whole); });
  const std::optional<NpyArray> again = read(written(*array));
  require(again && again->shape == array->shape && again->type == array->type &&
              std::equal(again->bytes.begin(), again->bytes.end(), array->bytes.begin(), array->bytes.end()),
          "written again it is another array");
  return 0;
}
