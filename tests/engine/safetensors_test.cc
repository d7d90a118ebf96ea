// safetensors: every rule of the format with a file that breaks it, bytes that never change, and all one-byte
// mutations.
#include "thalweg/safetensors.h"

#include "checkpoint/json.h"
#include "checkpoint/safetensors_layout.h"
#include "engine/without_checksum.h"
#include "error_of.h"
#include "fuzz/safetensors_check.h"
#include "thalweg/error.h"
#include "thalweg/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <random>
#include <string>

namespace thalweg::inline v0_1::safetensors {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::byte> bytes_of_text(std::string_view text) {
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

std::string length_prefix(std::uint64_t length) {
  std::string prefix;
  for (int i = 0; i < 8; ++i) {
    prefix += static_cast<char>(length >> (8 * i) & 0xFF);
  }
  return prefix;
}

// A file of this header and that many bytes of data.
std::vector<std::byte> file_of(std::string_view header, std::size_t data_bytes = 0) {
  return bytes_of_text(length_prefix(header.size()) + std::string{header} + std::string(data_bytes, '\x07'));
}

// The message of the Error that reading throws, or "accepted".
std::string error_of(std::span<const std::byte> bytes) {
  try {
    from_bytes(bytes, "file");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}
std::string error_of(std::string_view header, std::size_t data_bytes = 0) {
  return error_of(file_of(header, data_bytes));
}

Tensor tensor(Dtype dtype, std::vector<std::uint64_t> shape, std::size_t bytes, int first = 1) {
  Tensor result{dtype, std::move(shape), {}};
  for (std::size_t i = 0; i < bytes; ++i) {
    result.data.push_back(static_cast<std::byte>(first + static_cast<int>(i)));
  }
  return result;
}

Contents sample() {
  Contents contents;
  contents.tensors["b"] = tensor(Dtype::F32, {2, 1}, 8);
  contents.tensors["a"] = tensor(Dtype::U8, {3}, 3, 65);
  contents.tensors["c"] = tensor(Dtype::F64, {}, 8);
  contents.tensors["empty"] = tensor(Dtype::F32, {0, 5}, 0);
  contents.metadata["z"] = "1";
  contents.metadata["format"] = "\"quoted\"";
  return contents;
}

TEST(Safetensors, WritesTheseBytes) {
  std::string header =
      R"({"__metadata__":{"format":"\"quoted\"","thalweg.checksum":"CHECKSUM","z":"1"},)"
      R"("c":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
      R"("b":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},"empty":{"dtype":"F32","shape":[0,5],)"
      R"("data_offsets":[16,16]},"a":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}})";
  header.replace(header.find("CHECKSUM"), 8, checksum_of(sample()));
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(to_bytes(sample()),
            bytes_of_text(length_prefix(padded.size()) + padded + "\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10" + "ABC"));
  const std::string empty = R"({"__metadata__":{"thalweg.checksum":")" + checksum_of({}) + R"("}})";
  EXPECT_EQ(to_bytes({}), bytes_of_text(length_prefix(72) + empty + std::string(72 - empty.size(), ' ')));
}

TEST(Safetensors, ReadsWhatItWrote) {
  const Contents contents = from_bytes(to_bytes(sample()), "file");
  EXPECT_EQ(contents.tensors, sample().tensors);
  EXPECT_EQ(contents.metadata, sample().metadata);
  EXPECT_TRUE(from_bytes(to_bytes({}), "file").tensors.empty());

  Contents all;
  for (int i = 0; i <= static_cast<int>(Dtype::BOOL); ++i) {
    const auto dtype = static_cast<Dtype>(i);
    all.tensors[std::string{to_string(dtype)}] = tensor(dtype, {3, 5}, 15 * safetensors::bytes_of(dtype), i);
  }
  EXPECT_EQ(from_bytes(to_bytes(all), "file").tensors, all.tensors);
}

TEST(Safetensors, MakesTensorsOfNumbersAndGivesThem) {
  const std::vector<float> narrow{1.5f, -2, 3, 4, 5, 6};
  const std::vector<double> wide{0.1, 0.2};
  const std::int64_t whole = -7;
  const Contents contents{.tensors = {{"narrow", make_tensor(std::span(narrow), {2, 3})},
                                      {"wide", make_tensor(std::span(wide), {2})},
                                      {"whole", make_tensor(std::span(&whole, 1), {})},
                                      {"none", make_tensor(std::span<const double>(), {0, 3})}},
                          .metadata = {}};
  const Contents read = from_bytes(to_bytes(contents), "file");
  EXPECT_TRUE(std::ranges::equal(read.tensors.at("narrow").values<float>(), narrow));
  EXPECT_TRUE(std::ranges::equal(read.tensors.at("wide").values<double>(), wide));
  EXPECT_THAT(read.tensors.at("whole").values<std::int64_t>(), ElementsAre(-7));
  EXPECT_TRUE(read.tensors.at("whole").shape.empty());
  EXPECT_TRUE(read.tensors.at("none").values<double>().empty());
  const auto message = [](const auto& call) {
    try {
      call();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message([&] { (void)read.tensors.at("wide").values<float>(); }),
            "safetensors: the tensor's elements are F64, not F32");
  EXPECT_EQ(message([&] { (void)make_tensor(std::span(wide), {3}); }),
            "safetensors: 2 values for a tensor of shape [3]");
}

TEST(Safetensors, AlignsEveryTensorToItsWidth) {
  std::mt19937 generator{1};
  for (int round = 0; round < 200; ++round) {
    Contents contents;
    for (int i = 0; i < 8; ++i) {
      const auto dtype = static_cast<Dtype>(generator() % 13);
      const std::uint64_t elements = generator() % 6;
      std::string name(generator() % 9, 'n');
      name += std::to_string(i);
      contents.tensors[name] = tensor(dtype, {elements}, elements * safetensors::bytes_of(dtype), i * 10);
    }
    const std::vector<std::byte> bytes = to_bytes(contents);
    ASSERT_TRUE(accepts(bytes));
    ASSERT_EQ(from_bytes(bytes, "file").tensors, contents.tensors);
    const std::size_t header =
        std::to_integer<std::size_t>(bytes[0]) + 256 * std::to_integer<std::size_t>(bytes[1]);  // Short enough for two.
    ASSERT_EQ(header % 8, 0U);
    const json::Value entries = json::parse({reinterpret_cast<const char*>(bytes.data()) + 8, header}, "header");
    for (const auto& [name, value] : contents.tensors) {
      const json::Array& offsets = entries.at(name, "header").at("data_offsets", "entry").array("offsets");
      ASSERT_EQ(offsets.at(0).unsigned_integer("offset") % safetensors::bytes_of(value.dtype), 0U);
    }
  }
}

TEST(Safetensors, WritesAndReadsFiles) {
  const std::filesystem::path file = std::filesystem::path{::testing::TempDir()} / "thalweg_safetensors_test";
  write(file, sample());
  EXPECT_EQ(read(file).tensors, sample().tensors);
  EXPECT_EQ(read_file(file), to_bytes(sample()));
  replace_file(file, "no safetensors");
  try {
    read(file);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(file.string() + ": offset 0: header length"));
  }
  std::filesystem::remove(file);
}

TEST(Safetensors, RefusesToWriteWhatCouldNotBeRead) {
  const auto refuses = [](const std::string& name, const Tensor& value) {
    Contents contents;
    contents.tensors[name] = value;
    try {
      to_bytes(contents);
    } catch (const Error& error) {
      return std::string{error.what()};
    }
    return std::string{"accepted"};
  };
  EXPECT_EQ(refuses("a", tensor(Dtype::F32, {2, 3}, 23)),
            "safetensors: tensor \"a\": F32 [2, 3] needs 24 bytes, the data has 23");
  EXPECT_THAT(refuses("a", tensor(Dtype::U8, {std::uint64_t{1} << 32, std::uint64_t{1} << 32}, 0)),
              HasSubstr("more than 2^64 bytes"));
  EXPECT_THAT(refuses("a", tensor(Dtype::F64, {std::uint64_t{1} << 61}, 0)), HasSubstr("more than 2^64 bytes"));
  EXPECT_THAT(refuses("__metadata__", tensor(Dtype::U8, {1}, 1)), HasSubstr("reserved"));
  EXPECT_THAT(refuses("\xFF", tensor(Dtype::U8, {1}, 1)), HasSubstr("not UTF-8"));
  Contents contents;
  contents.metadata["key"] = "\x80";
  EXPECT_THAT(tests::error_of([&] { to_bytes(contents); }), AllOf(HasSubstr("\"key\""), HasSubstr("\\x80")));
}

TEST(Safetensors, HeaderLengthIsCheckedBeforeAnythingElse) {
  EXPECT_THAT(error_of(bytes_of_text("")), HasSubstr("file: the file has 0 bytes"));
  EXPECT_THAT(error_of(bytes_of_text("1234567")), HasSubstr("has 7 bytes"));
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3}, std::uint64_t{100'000'001}, std::uint64_t{1} << 32,
        std::uint64_t{1} << 63, ~std::uint64_t{0}, ~std::uint64_t{7}}) {
    EXPECT_THAT(error_of(bytes_of_text(length_prefix(length) + "{}")),
                AllOf(HasSubstr("offset 0: header length " + std::to_string(length)), HasSubstr("[2, 2]")));
  }
  EXPECT_EQ(error_of("{}"), "accepted");
}

TEST(Safetensors, RejectsHeadersThatAreNoStrictJson) {
  EXPECT_THAT(error_of("{\"a\xFF\":1}"), HasSubstr("file: offset 11: the text is not UTF-8"));
  EXPECT_THAT(error_of("\xEF\xBB\xBF{}"), HasSubstr("offset 8: "));
  for (const std::string_view header : {"[]", "1", "null", "\"a\"", "  "}) {
    EXPECT_NE(error_of(header), "accepted") << header;
  }
  EXPECT_THAT(error_of(std::string_view("{}\0\0", 4)), HasSubstr("offset 10: expected the end, found byte 0"));
  EXPECT_NE(error_of("{}//"), "accepted");
  EXPECT_NE(error_of("{/**/}"), "accepted");
  EXPECT_NE(error_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},})", 1), "accepted");
  std::string deep = R"({"a":{"dtype":"U8","shape":)";
  deep += std::string(126, '[') + std::string(126, ']') + R"(,"data_offsets":[0,1]}})";
  EXPECT_THAT(error_of(deep, 1), HasSubstr("deeper than 127"));
}

TEST(Safetensors, AcceptsWhatTheReferenceReaderAccepts) {
  EXPECT_EQ(error_of(" \t\r\n{}"), "accepted");
  EXPECT_EQ(error_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1), "accepted");  // 53 bytes.
  EXPECT_EQ(error_of(R"({"__metadata__":null})"), "accepted");
  EXPECT_EQ(error_of(R"({"__metadata__":{}})"), "accepted");
  EXPECT_EQ(error_of(R"({"__metadata__":{"a":""}})"), "accepted");
  EXPECT_EQ(error_of(R"({"":{"shape":[],"data_offsets":[0,8],"dtype":"F64"}})", 8), "accepted");
  EXPECT_EQ(error_of(R"({"b":{"dtype":"BOOL","shape":[1,1],"data_offsets":[0,1]}})", 1), "accepted");  // Byte 7.
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F32","shape":[0,18446744073709551615],"data_offsets":[0,0]}})"), "accepted");
  // An empty tensor between others, in any order of keys.
  EXPECT_EQ(error_of(R"({"c":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"b":{"dtype":"U8","shape":[0],)"
                     R"("data_offsets":[1,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                     3),
            "accepted");
}

// A file with one tensor that is right but for the given field.
std::string error_of_tensor(const std::string& dtype, const std::string& shape, const std::string& offsets,
                            std::size_t data_bytes) {
  return error_of(R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}",
                  data_bytes);
}

TEST(Safetensors, RejectsWrongTypes) {
  EXPECT_EQ(error_of_tensor(R"("F32")", "[2]", "[0,8]", 8), "accepted");
  EXPECT_THAT(error_of_tensor(R"("f32")", "[2]", "[0,8]", 8),
              HasSubstr("file: tensor \"a\": dtype \"f32\" is unknown; did you mean F32"));
  EXPECT_THAT(error_of_tensor(R"("float")", "[2]", "[0,8]", 8), HasSubstr("known: F64, I64"));
  for (const std::string dtype :
       {"F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F6_E2M3", "F6_E3M2", "F4", "C64"}) {
    EXPECT_THAT(error_of_tensor('"' + dtype + '"', "[2]", "[0,8]", 8), HasSubstr("not supported by thalweg")) << dtype;
  }
  EXPECT_THAT(error_of_tensor("4", "[2]", "[0,8]", 8), HasSubstr("a string belongs"));
}

TEST(Safetensors, RejectsWrongShapes) {
  for (const std::string shape : {"[2.0]", "[-2]", "[2e0]", "[\"2\"]", "[null]", "[[2]]", "2", "null", "{}", "[-0,2]",
                                  "[18446744073709551616]", "[1]", "[3]", "[0]", "[]", "[2,2]"}) {
    EXPECT_THAT(error_of_tensor(R"("F32")", shape, "[0,8]", 8), HasSubstr("file: tensor \"a\"")) << shape;
  }
  EXPECT_THAT(error_of_tensor(R"("F32")", "[3]", "[0,8]", 8), HasSubstr("hold 8 bytes; F32 [3] needs 12"));
  // 2⁶² elements of 32 bits are 2⁶⁷ bits: 0 bytes, if nobody looks.
  for (const std::string shape : {"[4611686018427387904]", "[4294967296,4294967296]", "[2,9223372036854775809]",
                                  "[18446744073709551615,18446744073709551615,0]"}) {
    EXPECT_THAT(error_of_tensor(R"("F32")", shape, "[0,0]", 0), HasSubstr("overflows 64 bits")) << shape;
  }
}

TEST(Safetensors, RejectsWrongOffsets) {
  for (const std::string offsets : {"[0]", "[]", "[0,4,8]", "0", "null", "{}", "[0,8.0]", "[-1,7]", "[\"0\",8]"}) {
    EXPECT_THAT(error_of_tensor(R"("F32")", "[2]", offsets, 8), HasSubstr("file: tensor \"a\"")) << offsets;
  }
  EXPECT_THAT(error_of_tensor(R"("F32")", "[2]", "[8,0]", 8), HasSubstr("[8, 0) end before they begin"));
  EXPECT_THAT(error_of_tensor(R"("F32")", "[2]", "[1,9]", 9), HasSubstr("hole"));
  EXPECT_THAT(error_of_tensor(R"("F32")", "[2]", "[0,8]", 9), HasSubstr("take 8 bytes, the file has 9"));
  EXPECT_THAT(error_of_tensor(R"("F32")", "[2]", "[0,8]", 7), HasSubstr("take 8 bytes, the file has 7"));
  EXPECT_THAT(error_of_tensor(R"("F32")", "[2]", "[18446744073709551608,18446744073709551615]", 8),
              HasSubstr("hold 7 bytes"));
  EXPECT_THAT(error_of_tensor(R"("U8")", "[18446744073709551615]", "[0,18446744073709551615]", 8),
              HasSubstr("overflows"));
  EXPECT_THAT(error_of_tensor(R"("U8")", "[1152921504606846976]", "[0,1152921504606846976]", 8),
              HasSubstr("the file has 8"));
  EXPECT_THAT(error_of("{}", 1), HasSubstr("take 0 bytes, the file has 1"));
}

// Two tensors of one-byte elements over these ranges.
std::string error_of_two(std::uint64_t begin1, std::uint64_t end1, std::uint64_t begin2, std::uint64_t end2,
                         std::size_t data_bytes) {
  const auto entry = [](std::uint64_t begin, std::uint64_t end) {
    return R"({"dtype":"U8","shape":[)" + std::to_string(end - begin) + R"(],"data_offsets":[)" +
           std::to_string(begin) + ',' + std::to_string(end) + "]}";
  };
  return error_of(R"({"a":)" + entry(begin1, end1) + R"(,"b":)" + entry(begin2, end2) + '}', data_bytes);
}

TEST(Safetensors, RejectsHolesAndOverlaps) {
  EXPECT_EQ(error_of_two(0, 4, 4, 8, 8), "accepted");
  EXPECT_EQ(error_of_two(4, 8, 0, 4, 8), "accepted");
  EXPECT_THAT(error_of_two(0, 4, 5, 8, 8), AllOf(HasSubstr("tensor \"b\""), HasSubstr("hole")));
  EXPECT_THAT(error_of_two(0, 4, 3, 8, 8), AllOf(HasSubstr("tensor \"b\""), HasSubstr("overlap")));
  EXPECT_THAT(error_of_two(0, 8, 0, 8, 8), HasSubstr("overlap"));
  EXPECT_THAT(error_of_two(0, 8, 2, 4, 8), HasSubstr("overlap"));
  EXPECT_THAT(error_of_two(0, 8, 4, 4, 8), HasSubstr("overlap"));
  EXPECT_THAT(error_of_two(0, 4, 4, 6, 8), HasSubstr("take 6 bytes, the file has 8"));
}

TEST(Safetensors, ManyTensorsOverOneRangeAreRejected) {
  std::string header = "{";
  for (int i = 0; i < 100000; ++i) {
    header += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":{"dtype":"U8","shape":[8],"data_offsets":[0,8]})";
  }
  EXPECT_THAT(error_of(header + '}', 8), HasSubstr("overlap"));
}

TEST(Safetensors, RejectsDuplicateAndUnknownKeys) {
  const std::string entry = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  EXPECT_THAT(error_of(R"({"a":)" + entry + R"(,"a":)" + entry + "}"), HasSubstr("duplicate key \"a\""));
  EXPECT_THAT(error_of(R"({"__metadata__":{},"__metadata__":{}})"), HasSubstr("duplicate key"));
  EXPECT_THAT(error_of(R"({"__metadata__":{"k":"1","k":"1"}})"), HasSubstr("duplicate key \"k\""));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
              HasSubstr("duplicate key \"dtype\""));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"strides":[1]}})"),
              HasSubstr("tensor \"a\": unknown field \"strides\""));
  EXPECT_THAT(error_of(R"({"a":{"shape":[0],"data_offsets":[0,0]}})"), HasSubstr("\"dtype\" is missing"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"U8","data_offsets":[0,0]}})"), HasSubstr("\"shape\" is missing"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"U8","shape":[0]}})"), HasSubstr("\"data_offsets\" is missing"));
  EXPECT_THAT(error_of(R"({"a":1})"), HasSubstr("an object belongs"));
}

TEST(Safetensors, RejectsMetadataThatIsNotText) {
  for (const std::string value : {"1", "null", "true", "[]", "{}"}) {
    EXPECT_THAT(error_of(R"({"__metadata__":{"key":)" + value + "}}"), HasSubstr("\"key\": ")) << value;
  }
  EXPECT_THAT(error_of(R"({"__metadata__":[]})"), HasSubstr("an object belongs"));
  EXPECT_THAT(error_of(R"({"__metadata__":"text"})"), HasSubstr("an object belongs"));
}

TEST(Safetensors, EveryMutationIsRejectedOrReadsAsValidContents) {
  const std::vector<std::byte> valid = tests::without_checksum(to_bytes(sample()));
  const std::size_t header_end = valid.size() - 19;
  ASSERT_TRUE(accepts(valid));
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    std::vector<std::byte> mutant = valid;
    for (int value = 0; value < 256; ++value) {
      mutant[i] = static_cast<std::byte>(value);
      const bool is_accepted = accepts(mutant);
      accepted += is_accepted ? 1 : 0;
      if (i < 8) {
        ASSERT_EQ(is_accepted, mutant == valid) << "byte " << i << " = " << value;
      } else if (i >= header_end) {
        ASSERT_TRUE(is_accepted) << "byte " << i << " = " << value;  // Data may be anything.
      }
    }
  }
  // Names, metadata and padding may change into other valid ones; most mutations are rejected.
  EXPECT_GT(accepted, 19U * 256);
  EXPECT_LT(accepted, valid.size() * 256 / 4);
}

TEST(Safetensors, EveryTruncationAndEveryAppendixIsRejected) {
  const std::vector<std::byte> valid = to_bytes(sample());
  for (std::size_t size = 0; size < valid.size(); ++size) {
    ASSERT_FALSE(accepts(std::span{valid}.first(size))) << size;
  }
  for (int value = 0; value < 256; ++value) {
    std::vector<std::byte> longer = valid;
    for (int count = 0; count < 9; ++count) {
      longer.push_back(static_cast<std::byte>(value));
      ASSERT_FALSE(accepts(longer)) << value;
    }
  }
}

TEST(Safetensors, RandomMutationsNeverCrash) {
  const std::vector<std::byte> valid = tests::without_checksum(to_bytes(sample()));
  std::mt19937 generator{2};
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> mutant = valid;
    for (unsigned change = generator() % 4 + 1; change > 0; --change) {
      const std::size_t at = generator() % mutant.size();
      const auto place = mutant.begin() + static_cast<std::ptrdiff_t>(at);
      if (generator() % 3 == 0) {
        mutant.erase(place);
        mutant.push_back(std::byte{0});
      } else if (generator() % 2 == 0) {
        mutant.insert(place, valid[generator() % valid.size()]);
        mutant.pop_back();
      } else {
        *place = valid[generator() % valid.size()];
      }
    }
    accepts(mutant);
  }
}

}  // namespace
}  // namespace thalweg::inline v0_1::safetensors
