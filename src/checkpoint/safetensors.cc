// Writing safetensors, and its element types.
#include "thalweg/safetensors.h"

#include "checkpoint/json.h"
#include "checkpoint/safetensors_layout.h"
#include "checkpoint/utf8.h"
#include "text.h"
#include "thalweg/error.h"
#include "thalweg/files.h"
#include "thalweg/suggest.h"

#include <algorithm>
#include <array>
#include <type_traits>

namespace thalweg::inline v0_1::safetensors {
namespace {

struct DtypeRow {
  Dtype dtype;
  std::string_view name;
  std::size_t bytes;
};

constexpr std::array<DtypeRow, 13> kDtypes = {{
    {Dtype::F64, "F64", 8},
    {Dtype::I64, "I64", 8},
    {Dtype::U64, "U64", 8},
    {Dtype::F32, "F32", 4},
    {Dtype::I32, "I32", 4},
    {Dtype::U32, "U32", 4},
    {Dtype::F16, "F16", 2},
    {Dtype::BF16, "BF16", 2},
    {Dtype::I16, "I16", 2},
    {Dtype::U16, "U16", 2},
    {Dtype::I8, "I8", 1},
    {Dtype::U8, "U8", 1},
    {Dtype::BOOL, "BOOL", 1},
}};

constexpr std::array<std::string_view, 9> kUnsupported = {"F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ",
                                                          "F6_E2M3", "F6_E3M2", "F4",      "C64"};

const DtypeRow& row_of(Dtype dtype) {
  const auto row = std::ranges::find(kDtypes, dtype, &DtypeRow::dtype);
  if (row == kDtypes.end()) {
    throw Error("safetensors: there is no element type " + std::to_string(static_cast<int>(dtype)));
  }
  return *row;
}

template <class T>
constexpr Dtype kDtypeOf = std::is_same_v<T, float>    ? Dtype::F32
                           : std::is_same_v<T, double> ? Dtype::F64
                                                       : Dtype::I64;

using NamedTensor = std::pair<const std::string, Tensor>;

// The tensors in the order of the file. All widths are powers of two, so widest first aligns every tensor to its width.
std::vector<const NamedTensor*> in_file_order(const Contents& contents) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& named : contents.tensors) {
    order.push_back(&named);
  }
  std::ranges::stable_sort(order, std::greater{},
                           [](const NamedTensor* named) { return bytes_of(named->second.dtype); });
  return order;
}

void check(const std::string& name, const Tensor& tensor) {
  const std::string what = "safetensors: tensor " + in_quotes(name);
  if (find_invalid_utf8(name) != std::string_view::npos) {
    throw Error(what + ": the name is not UTF-8");
  }
  if (name == kMetadataKey) {
    throw Error(what + ": the name is reserved for the metadata");
  }
  const std::optional<std::uint64_t> elements = checked_elements(tensor.shape);
  const std::optional<std::uint64_t> bytes =
      elements ? checked_product(*elements, bytes_of(tensor.dtype)) : std::nullopt;
  if (bytes != tensor.data.size()) {
    throw Error(what + ": " + std::string{to_string(tensor.dtype)} + " " + to_string(tensor.shape) + " needs " +
                (bytes ? std::to_string(*bytes) : "more than 2^64") + " bytes, the data has " +
                std::to_string(tensor.data.size()));
  }
}

std::string header_of(const Contents& contents, const std::vector<const NamedTensor*>& order) {
  std::string header = "{";
  json::append_string(header, kMetadataKey);
  header += ':';
  json::Object metadata;
  for (const auto& [key, text] : contents.metadata) {
    metadata.emplace(key, text);
  }
  metadata[std::string(kChecksumKey)] = checksum_of(contents);
  json::append(header, metadata);
  std::uint64_t begin = 0;
  for (const NamedTensor* named : order) {
    const auto& [name, tensor] = *named;
    const std::uint64_t end = begin + tensor.data.size();
    header += ',';
    json::append_string(header, name);
    header += R"(:{"dtype":")";
    header += to_string(tensor.dtype);
    header += R"(","shape":)";
    json::append(header, json::Array(tensor.shape.begin(), tensor.shape.end()));
    header += R"(,"data_offsets":[)" + std::to_string(begin) + ',' + std::to_string(end) + "]}";
    begin = end;
  }
  header += '}';
  header.resize((header.size() + kHeaderAlignment - 1) / kHeaderAlignment * kHeaderAlignment, ' ');
  if (header.size() > kMostHeaderBytes) {
    throw Error("safetensors: the header has " + std::to_string(header.size()) + " bytes; at most " +
                std::to_string(kMostHeaderBytes) + " are allowed");
  }
  return header;
}

}  // namespace

std::string_view to_string(Dtype dtype) { return row_of(dtype).name; }

std::size_t bytes_of(Dtype dtype) { return row_of(dtype).bytes; }

Dtype dtype_of(std::string_view name, std::string_view what) {
  if (const auto row = std::ranges::find(kDtypes, name, &DtypeRow::name); row != kDtypes.end()) {
    return row->dtype;
  }
  const std::string begin = std::string{what} + ": dtype " + in_quotes(name);
  if (std::ranges::find(kUnsupported, name) != kUnsupported.end()) {
    throw Error(begin + " is valid in safetensors but not supported by thalweg");
  }
  std::vector<std::string> known;
  known.reserve(kDtypes.size());
  for (const DtypeRow& row : kDtypes) {
    known.emplace_back(row.name);
  }
  throw Error(begin + " is unknown" + suggest(name, known));
}

std::optional<std::uint64_t> checked_elements(const std::vector<std::uint64_t>& shape) {
  std::optional<std::uint64_t> elements = 1;
  for (const std::uint64_t size : shape) {
    elements = checked_product(*elements, size);
    if (!elements) {
      break;
    }
  }
  return elements;
}

std::string to_string(const std::vector<std::uint64_t>& shape) {
  std::string text = "[";
  for (const std::uint64_t size : shape) {
    text += (text.size() == 1 ? "" : ", ") + std::to_string(size);
  }
  return text + ']';
}

std::uint64_t Tensor::elements() const {
  const std::optional<std::uint64_t> elements = checked_elements(shape);
  if (!elements) {
    throw Error("safetensors: shape " + to_string(shape) + " has more than 2^64 elements");
  }
  return *elements;
}

template <class T>
std::span<const T> Tensor::values() const {
  if (dtype != kDtypeOf<T>) {
    throw Error("safetensors: the tensor's elements are " + std::string{to_string(dtype)} + ", not " +
                std::string{to_string(kDtypeOf<T>)});
  }
  // Memory of a vector of bytes begins where any type may.
  return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
}

template <class T>
Tensor make_tensor(std::span<const T> values, std::vector<std::uint64_t> shape) {
  if (checked_elements(shape) != values.size()) {
    throw Error("safetensors: " + std::to_string(values.size()) + " values for a tensor of shape " + to_string(shape));
  }
  const std::span<const std::byte> bytes = std::as_bytes(values);
  Tensor tensor;
  tensor.dtype = kDtypeOf<T>;
  tensor.shape = std::move(shape);
  tensor.data.assign(bytes.begin(), bytes.end());
  return tensor;
}

template std::span<const float> Tensor::values<float>() const;
template std::span<const double> Tensor::values<double>() const;
template std::span<const std::int64_t> Tensor::values<std::int64_t>() const;
template Tensor make_tensor(std::span<const float>, std::vector<std::uint64_t>);
template Tensor make_tensor(std::span<const double>, std::vector<std::uint64_t>);
template Tensor make_tensor(std::span<const std::int64_t>, std::vector<std::uint64_t>);

std::vector<std::byte> to_bytes(const Contents& contents) {
  std::uint64_t data_bytes = 0;
  for (const auto& [name, tensor] : contents.tensors) {
    check(name, tensor);
    data_bytes += tensor.data.size();
  }
  for (const auto& [key, text] : contents.metadata) {
    for (const std::string& part : {key, text}) {
      if (find_invalid_utf8(part) == std::string_view::npos) continue;
      throw Error("safetensors: metadata " + in_quotes(key) + ": " + in_quotes(part) + " is not UTF-8");
    }
  }
  const std::vector<const NamedTensor*> order = in_file_order(contents);
  const std::string header = header_of(contents, order);

  std::vector<std::byte> bytes;
  bytes.reserve(kLengthBytes + header.size() + data_bytes);
  for (std::uint64_t i = 0; i < kLengthBytes; ++i) {
    bytes.push_back(static_cast<std::byte>(header.size() >> (8 * i) & 0xFF));
  }
  const std::span<const std::byte> header_bytes = std::as_bytes(std::span{header});
  bytes.insert(bytes.end(), header_bytes.begin(), header_bytes.end());
  for (const NamedTensor* named : order) {
    bytes.insert(bytes.end(), named->second.data.begin(), named->second.data.end());
  }
  return bytes;
}

void write(const std::filesystem::path& file, const Contents& contents) { replace_file(file, to_bytes(contents)); }

Contents read(const std::filesystem::path& file) { return from_bytes(read_file(file), shown(file)); }

}  // namespace thalweg::inline v0_1::safetensors
