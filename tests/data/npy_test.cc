// NumPy's files: every dtype, order and version is read as NumPy reads it, and what is damaged or no plain array
// refused.
#include "data/npy.h"

#include "error_of.h"
#include "fuzz/memory_file.h"
#include "idx_files.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace thalweg::lab {
namespace {

using test::Bytes;
using test::gzip_bytes;
using test::MemoryFile;
using test::TemporaryFolder;
using test::write_bytes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::error_of;

// A file as numpy.lib.format writes it, with this dict: padded so that the data begin at a multiple of 64.
Bytes npy_bytes(const std::string& dict, const Bytes& data, std::uint8_t version = 1) {
  const std::size_t prefix = version == 1 ? 10 : 12;
  std::string header = dict;
  while ((prefix + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  Bytes bytes{0x93, 'N', 'U', 'M', 'P', 'Y', version, 0};
  for (std::size_t i = 0; i < prefix - 8; ++i) bytes.push_back(static_cast<std::uint8_t>(header.size() >> (8 * i)));
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

std::string dict(const std::string& descr, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
}

template <class Number>
Bytes bytes_of(const std::vector<Number>& numbers, bool big = false) {
  Bytes bytes;
  for (const Number number : numbers) {
    Bytes element(sizeof(Number));
    std::memcpy(element.data(), &number, sizeof(Number));
    if (big) std::reverse(element.begin(), element.end());
    bytes.insert(bytes.end(), element.begin(), element.end());
  }
  return bytes;
}

class Npy : public ::testing::Test {
 protected:
  NpyArray read(const Bytes& bytes) {
    write_bytes(file, bytes);
    return read_npy(file);
  }
  std::string error(const Bytes& bytes) {
    const std::string error = error_of([&] { read(bytes); });
    EXPECT_THAT(error, HasSubstr(file.string() + ": offset "));
    return error;
  }
  std::string error(const std::string& dict, const Bytes& data = Bytes(4)) { return error(npy_bytes(dict, data)); }

  template <class Number>
  void expect_numbers(const char* code, std::vector<Number> numbers) {
    std::vector<double> doubles(numbers.begin(), numbers.end());
    const std::string shape = "(" + std::to_string(numbers.size()) + ",)";
    for (const bool big : {false, true}) {
      const NpyArray array =
          read(npy_bytes(dict((big ? ">" : "<") + std::string(code), shape), bytes_of(numbers, big)));
      EXPECT_EQ(to_doubles(array), doubles) << code;
      EXPECT_EQ(Bytes(array.bytes.begin(), array.bytes.end()), bytes_of(numbers)) << code;
      EXPECT_THAT(array.shape, ElementsAre(numbers.size()));
      EXPECT_EQ(array.offset % 64, 0);
    }
  }

  TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "array.npy";
  const Bytes good = npy_bytes(dict("<i2", "(2, 3)"), bytes_of<std::int16_t>({1, -2, 3, 4, 5, 6}));
};

// Written by NumPy 2.4: np.save(file, np.asfortranarray(np.array([[1.5, -2], [3, 1e30]], '>f4'))).
TEST_F(Npy, ReadsWhatNumPyWrote) {
  const char header[] = "{'descr': '>f4', 'fortran_order': True, 'shape': (2, 2), }";
  Bytes bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 0x76, 0};
  bytes.insert(bytes.end(), header, header + sizeof(header) - 1);
  bytes.resize(127, ' ');
  const Bytes rest{'\n', 0x3f, 0xc0, 0, 0, 0x40, 0x40, 0, 0, 0xc0, 0, 0, 0, 0x71, 0x49, 0xf2, 0xca};
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  const NpyArray array = read(bytes);
  EXPECT_THAT(array.shape, ElementsAre(2, 2));
  EXPECT_EQ(array.type, NpyType::float32);
  EXPECT_THAT(to_floats(array), ElementsAre(1.5f, -2.0f, 3.0f, 1e30f));
}

TEST_F(Npy, ReadsEveryTypeOfBothByteOrders) {
  expect_numbers<std::int8_t>("i1", {0, 127, -128});
  expect_numbers<std::uint8_t>("u1", {0, 127, 255});
  expect_numbers<std::int16_t>("i2", {0, 32767, -32768, 258});
  expect_numbers<std::uint16_t>("u2", {0, 65535, 258});
  expect_numbers<std::int32_t>("i4", {0, 2147483647, -2147483647 - 1, 16909060});
  expect_numbers<std::uint32_t>("u4", {0, 4294967295u, 16909060});
  expect_numbers<std::int64_t>("i8", {0, 1ll << 53, -(1ll << 53), 16909060});
  expect_numbers<std::uint64_t>("u8", {0, 1ull << 63, 16909060});
  expect_numbers<float>("f4", {0, -1.5f, 3e38f, 1e-45f});
  expect_numbers<double>("f8", {0, -1.5, 1e308, 5e-324});
  const NpyArray array = read(npy_bytes(dict("|b1", "(3,)"), {0, 1, 1}));
  EXPECT_THAT(to_integers(array), ElementsAre(0, 1, 1));
  EXPECT_THAT(to_floats(array), ElementsAre(0, 1, 1));
}

TEST_F(Npy, ReadsHalves) {
  const NpyArray array = read(npy_bytes(
      dict(">f2", "(8,)"), bytes_of<std::uint16_t>({0x3c00, 0xc000, 0x7bff, 0x0001, 0x8001, 0x0400, 0, 0x3555}, true)));
  EXPECT_THAT(to_doubles(array), ElementsAre(1, -2, 65504, std::ldexp(1.0, -24), -std::ldexp(1.0, -24),
                                             std::ldexp(1.0, -14), 0, 0.333251953125));
  for (const std::uint16_t bits : {0x7c00, 0xfc00, 0x7e00}) {
    const NpyArray other = read(npy_bytes(dict("<f2", "(1,)"), bytes_of<std::uint16_t>({bits})));
    EXPECT_THAT(error_of([&] { to_floats(other); }), HasSubstr("finite"));
  }
}

TEST_F(Npy, ReadsEveryVersionAndLayoutOfTheHeader) {
  const Bytes data = bytes_of<std::int16_t>({1, 2, 3, 4, 5, 6});
  for (const std::uint8_t version : {1, 2, 3}) {
    EXPECT_THAT(read(npy_bytes(dict("<i2", "(2, 3)"), data, version)).shape, ElementsAre(2, 3));
  }
  for (const char* other : {"{'shape':(2,3),'fortran_order':False,'descr':'<i2'}",
                            "{\"descr\": \"<i2\", \"fortran_order\": False, \"shape\": (2L, 3L)}",
                            "{ 'descr' : '<i2' , 'fortran_order' : False , 'shape' : ( 2 , 3 , ) , } "}) {
    EXPECT_THAT(read(npy_bytes(other, data)).shape, ElementsAre(2, 3)) << other;
  }
}

TEST_F(Npy, GzipIsKnownByItsMagicNotItsName) {
  EXPECT_THAT(to_integers(read(gzip_bytes(good))), ElementsAre(1, -2, 3, 4, 5, 6));
}

TEST_F(Npy, ScalarsAndEmptyArraysHaveTheirShapes) {
  EXPECT_THAT(to_floats(read(npy_bytes(dict("<f4", "()"), bytes_of<float>({2.5f})))), ElementsAre(2.5f));
  const NpyArray empty = read(npy_bytes(dict("<f4", "(3, 0, 5)"), {}));
  EXPECT_THAT(empty.shape, ElementsAre(3, 0, 5));
  EXPECT_EQ(empty.count(), 0);
  EXPECT_TRUE(to_floats(empty).empty());
  EXPECT_EQ(read(npy_bytes(dict("<f4", "(3, 0, 5)", true), {})).count(), 0);
}

TEST_F(Npy, FortransOrderBecomesRowMajor) {
  std::vector<std::int32_t> numbers(24);
  for (std::size_t i = 0; i < 24; ++i) {
    // Element i of the file: its indices, the first moving fastest, as decimal digits.
    numbers[i] = static_cast<std::int32_t>(1000 * (i % 2) + 100 * (i / 2 % 3) + i / 6);
  }
  const NpyArray array = read(npy_bytes(dict("<i4", "(2, 3, 1, 4)", true), bytes_of(numbers)));
  const std::vector<std::int64_t> read_numbers = to_integers(array);
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(read_numbers[i], 1000 * (i / 12) + 100 * (i / 4 % 3) + i % 4) << i;
  }
  const NpyArray row = read(npy_bytes(dict("<i4", "(1, 3)", true), bytes_of<std::int32_t>({7, 8, 9})));
  EXPECT_THAT(to_integers(row), ElementsAre(7, 8, 9));
}

TEST_F(Npy, OtherKindsOfElementsAreRefusedByName) {
  for (const auto& [descr, said] : std::vector<std::pair<const char*, const char*>>{{"|O", "pickles"},
                                                                                    {"<c8", "complex"},
                                                                                    {"<f16", "another size"},
                                                                                    {"|S5", "byte strings"},
                                                                                    {"<U5", "text"},
                                                                                    {"<M8[ns]", "dates"},
                                                                                    {"<m8", "time spans"},
                                                                                    {"|V4", "raw bytes"},
                                                                                    {"", "plain"},
                                                                                    {"<", "plain"},
                                                                                    {"<i3", "plain"}}) {
    EXPECT_THAT(error(dict(descr, "(1,)")), AllOf(HasSubstr("'" + std::string(descr) + "'"), HasSubstr(said),
                                                  HasSubstr("offset 20"), HasSubstr("astype")));
  }
  EXPECT_THAT(error("{'descr': [('x', '<f4'), ('y', '<i4')], 'fortran_order': False, 'shape': (1,), }"),
              HasSubstr("structured"));
  EXPECT_THAT(error(dict("|f4", "(1,)")), HasSubstr("byte order"));
  EXPECT_THAT(error(dict("f4", "(1,)")), HasSubstr("byte order"));
}

TEST_F(Npy, HeadersThatAreNotNumPysAreRefused) {
  EXPECT_THAT(error("{}"), HasSubstr("no key 'descr'"));
  EXPECT_THAT(error("{'descr': '<f4', 'shape': (1,)}"), HasSubstr("no key 'fortran_order'"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False}"), HasSubstr("no key 'shape'"));
  EXPECT_THAT(error("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"), HasSubstr("twice"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}"), HasSubstr("'more'"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}"), HasSubstr("True or False"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (1)}"), HasSubstr("','"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': [1]}"), HasSubstr("'('"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"), HasSubstr("at least 0"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}"), HasSubstr("'.'"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (01,)}"), HasSubstr("begins with 0"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (,)}"), HasSubstr("','"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x"), HasSubstr("follows"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)"), HasSubstr("the header ends"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False 'shape': (1,)}"), HasSubstr("'}'"));
  EXPECT_THAT(error("{'descr: 1"), HasSubstr("does not end"));
  EXPECT_THAT(error("{'de\\x73cr': '<f4'}"), HasSubstr("NumPy does not write"));
  EXPECT_THAT(error("{'de\x80scr': '<f4'}"), HasSubstr("NumPy does not write"));
  EXPECT_THAT(error("\x01"), HasSubstr("byte 01"));
}

TEST_F(Npy, ShapesThatOverflowOrAreHugeAreRefusedBeforeMemoryIsTaken) {
  EXPECT_THAT(error(dict("<f4", "(9223372036854775807,)")), HasSubstr("2^62"));
  EXPECT_THAT(error(dict("<f4", "(9223372036854775808,)")), HasSubstr("2^63"));
  EXPECT_THAT(error(dict("<f4", "(4294967296, 4294967296)")), HasSubstr("2^62"));
  EXPECT_THAT(error(dict("<f4", "(0, 4294967296, 4294967296)"), {}), HasSubstr("2^62"));
  EXPECT_THAT(error(dict("|u1", "(4611686018427387904,)")), HasSubstr("offset 132: the file ends here"));
  EXPECT_THAT(error(gzip_bytes(npy_bytes(dict("|u1", "(4611686018427387904,)"), {1}))), HasSubstr("can hold"));
  std::string many = "(";
  for (int i = 0; i < 65; ++i) many += "1, ";
  EXPECT_THAT(error(dict("|u1", many + ")")), HasSubstr("64 dimensions"));
}

TEST_F(Npy, OtherFilesAreRefusedByWhatTheyAre) {
  EXPECT_THAT(error(Bytes{'P', 'K', 3, 4, 0, 0, 0, 0}), AllOf(HasSubstr(".npz"), HasSubstr("np.save")));
  EXPECT_THAT(error(Bytes{0x80, 4, 0x95, 0, 0, 0, 0, 0}), HasSubstr("pickle"));
  EXPECT_THAT(error(Bytes{'h', 'e', 'l', 'l', 'o', '!', '!', '!'}), HasSubstr("offset 0"));
  EXPECT_THAT(error(Bytes{}), HasSubstr("offset 0"));
  Bytes version = good;
  version[6] = 4;
  EXPECT_THAT(error(version), AllOf(HasSubstr("offset 6"), HasSubstr("4.0"), HasSubstr("3.0")));
  version[6] = 1;
  version[7] = 1;
  EXPECT_THAT(error(version), HasSubstr("1.1"));
  EXPECT_THAT(error(Bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 0, 0, 0, 0x7f}), HasSubstr("65536"));
  EXPECT_THAT(error_of([&] { read_npy(folder.path()); }), HasSubstr("is a folder"));
}

TEST_F(Npy, EveryLengthButItsOwnIsRefused) {
  for (const Bytes& whole : {good, gzip_bytes(good)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      if (whole == good) {
        error(cut);
      } else {
        write_bytes(file, cut);
        EXPECT_THAT(error_of([&] { read_npy(file); }), HasSubstr("offset")) << length;
      }
    }
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_THAT(error(longer), HasSubstr("more follows"));
  EXPECT_THAT(error(gzip_bytes(longer)), HasSubstr("more follows"));
}

TEST_F(Npy, EveryByteOfEveryValueIsReadOrRefused) {
  for (std::size_t at = 0; at < 75; ++at) {  // behind it the header is blank
    for (int value = 0; value < 256; ++value) {
      Bytes damaged = good;
      damaged[at] = static_cast<std::uint8_t>(value);
      const MemoryFile memory(damaged);  // so many files would wait for the disk
      try {
        EXPECT_EQ(read_npy(memory.path()).bytes.size(), 12u);
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("offset"));
      }
    }
  }
}

TEST_F(Npy, BoolsAreZeroOrOne) {
  EXPECT_THAT(error(npy_bytes(dict("|b1", "(3,)"), {0, 1, 2})), AllOf(HasSubstr("offset 130"), HasSubstr("0 or 1")));
}

TEST_F(Npy, NumbersThatDoNotFitAreRefusedWithTheirIndex) {
  const auto doubles = [&](const std::vector<double>& numbers) {
    return read(npy_bytes(dict("<f8", "(2, 2)"), bytes_of(numbers)));
  };
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const NpyArray with_nan = doubles({1, 2, nan, 4}), with_infinity = doubles({1, 2, 3, -infinity}),
                 large = doubles({1, 1e39, 3, 4}), halves = doubles({1.5, 2, 3, 4}),
                 beyond = doubles({0, 0, 0, 0x1p63}), least = doubles({-0x1p63, 0, -0.0, 7});
  EXPECT_THAT(error_of([&] { to_doubles(with_nan); }),
              AllOf(HasSubstr(file.string() + ": element [1, 0] (float64) is nan"), HasSubstr("finite")));
  EXPECT_THAT(error_of([&] { to_floats(with_infinity); }), HasSubstr("[1, 1] (float64) is -inf"));
  EXPECT_THAT(error_of([&] { to_floats(large); }), AllOf(HasSubstr("[0, 1]"), HasSubstr("fit a float")));
  EXPECT_THAT(to_doubles(large), ElementsAre(1, 1e39, 3, 4));
  EXPECT_THAT(error_of([&] { to_integers(halves); }), AllOf(HasSubstr("[0, 0]"), HasSubstr("1.5"), HasSubstr("whole")));
  EXPECT_THAT(error_of([&] { to_integers(with_nan); }), HasSubstr("nan"));
  EXPECT_THAT(error_of([&] { to_integers(beyond); }), HasSubstr("[1, 1]"));
  EXPECT_THAT(to_integers(least), ElementsAre(INT64_MIN, 0, 0, 7));
  EXPECT_THAT(error_of([&] { to_integers(least, 0, 9); }), AllOf(HasSubstr("[0, 0]"), HasSubstr("[0, 9]")));
  const NpyArray unsigned_numbers =
      read(npy_bytes(dict("<u8", "(2,)"), bytes_of<std::uint64_t>({1, (1ull << 63) | 5})));
  EXPECT_THAT(error_of([&] { to_integers(unsigned_numbers); }),
              HasSubstr("element [1] (uint64) is 9223372036854775813"));
}

}  // namespace
}  // namespace thalweg::lab
