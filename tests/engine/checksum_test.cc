// The checksum in safetensors files: the hash, its definition, every flipped bit noticed, and files that have none.
#include "checkpoint/xxh64.h"
#include "engine/numbers.h"
#include "engine/without_checksum.h"
#include "error_of.h"

#include <thalweg/safetensors.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::tests {
namespace {

using safetensors::Contents;
using safetensors::from_bytes;
using safetensors::to_bytes;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::uint64_t hash(std::string_view text, std::uint64_t seed = 0) {
  return xxh64(std::as_bytes(std::span(text)), seed);
}

TEST(Xxh64, IsTheOneOfTheSpecification) {
  EXPECT_EQ(hash(""), 0xEF46DB3751D8E999u);
  EXPECT_EQ(hash("a"), 0xD24EC4F1A98C6E5Bu);
  EXPECT_EQ(hash("abc"), 0x44BC2CF5AD770999u);
  EXPECT_EQ(hash("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1u);
}

Contents sample() {
  const std::vector<float> narrow = random_numbers<float>(21, 1, "narrow");
  const std::vector<double> wide = random_numbers<double>(2, 1, "wide");
  Contents contents;
  contents.tensors["a/m"] = safetensors::make_tensor(std::span(narrow), {3, 7});
  contents.tensors["a/v"] = safetensors::make_tensor(std::span(wide), {2});
  contents.tensors["none"] = safetensors::make_tensor(std::span<const float>(), {0, 2});
  contents.metadata = {{"a", "1"}, {"z", "text"}};
  return contents;
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Checksum, IsWhatTheHeaderSays) {
  const Contents contents = sample();
  std::uint64_t expected = 0;
  for (const std::string& piece :
       {std::string("a"), std::string("1"), std::string("z"), std::string("text"), std::string("a/m"),
        std::string("F32"), std::string("[3, 7]"), text_of(contents.tensors.at("a/m").data), std::string("a/v"),
        std::string("F64"), std::string("[2]"), text_of(contents.tensors.at("a/v").data), std::string("none"),
        std::string("F32"), std::string("[0, 2]"), std::string()}) {
    expected = hash(piece, expected);
  }
  std::string digits(16, '0');
  std::snprintf(digits.data(), digits.size() + 1, "%016llx", static_cast<unsigned long long>(expected));
  EXPECT_THAT(text_of(to_bytes(contents)), HasSubstr(R"("thalweg.checksum":"thalweg-xxh64:)" + digits + '"'));
}

TEST(Checksum, IsNotAmongTheMetadata) {
  const Contents read = from_bytes(to_bytes(sample()), "file");
  EXPECT_EQ(read.metadata, sample().metadata);
  EXPECT_EQ(to_bytes(read), to_bytes(sample()));
  Contents stale = sample();
  stale.metadata["thalweg.checksum"] = "of another file";
  EXPECT_EQ(to_bytes(stale), to_bytes(sample()));
}

TEST(Checksum, IsNotNeeded) {
  const Contents read = from_bytes(without_checksum(to_bytes(sample())), "file");
  EXPECT_EQ(read.metadata, sample().metadata);
  EXPECT_EQ(to_bytes(read), to_bytes(sample()));
}

TEST(Checksum, FitsWhateverTheHeadersForm) {
  // The same contents with the keys of metadata in another order and with spaces: what another program would write.
  std::vector<std::byte> bytes = to_bytes(sample());
  std::string text = text_of(bytes);
  const std::string a = R"("a":"1",)";
  const std::size_t at = text.find(a), end = text.find(R"("z":"text")") + 10;
  text.insert(end, "," + a.substr(0, a.size() - 1));
  text.erase(at, a.size());
  const auto other = std::as_bytes(std::span(text));
  EXPECT_EQ(to_bytes(from_bytes(other, "file")), bytes);
}

TEST(Checksum, NoticesEveryFlippedBit) {
  const std::vector<std::byte> good = to_bytes(sample());
  std::vector<std::byte> bytes = good;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[i] ^= std::byte{1} << bit;
      EXPECT_THAT(error_of([&] { from_bytes(bytes, "the file"); }), HasSubstr("the file")) << i << ", bit " << bit;
      bytes[i] = good[i];
    }
  }
}

TEST(Checksum, SaysWhatIsWrong) {
  std::vector<std::byte> bytes = to_bytes(sample());
  bytes.back() ^= std::byte{4};
  EXPECT_THAT(error_of([&] { from_bytes(bytes, "my.safetensors"); }),
              AllOf(HasSubstr("my.safetensors: damaged"), HasSubstr("thalweg.checksum")));
  std::string text = text_of(to_bytes(sample()));
  text[text.find("thalweg.checksum")] = 'T';
  EXPECT_THAT(error_of([&] { from_bytes(std::as_bytes(std::span(text)), "my.safetensors"); }),
              AllOf(HasSubstr("my.safetensors: damaged"), HasSubstr("Thalweg.checksum")));
}

}  // namespace
}  // namespace thalweg::tests
