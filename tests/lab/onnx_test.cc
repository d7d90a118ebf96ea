// ONNX files: the layout, and of each model that its graph is sound and has the run's weights. What comes out of them
// is in onnx_values_test.cc, and of onnxruntime in tests/export/onnx.py.
#include "error_of.h"
#include "idx_files.h"
#include "onnx/graph.h"
#include "onnx_export.h"
#include "onnx_reader.h"

#include <gmock/gmock.h>
#include <sys/mman.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <fstream>
#include <limits>

namespace thalweg::lab {
namespace {

using test::OnnxFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using tests::error_of;

TEST(OnnxGraph, IsWhatTheFormatSays) {
  OnnxGraph graph("small");
  const std::string x = graph.input("x", OnnxType::float32, {"n", 3});
  const std::string codes = graph.input("codes", OnnxType::int64, {"n", "length", 2});
  const std::array weights{1.5f, -0.0f, std::numeric_limits<float>::infinity(), 1e-45f, 2.0f, 3.0f};
  const std::string w = graph.weight("w", {2, 3}, weights);
  const std::string y = graph.add("Gemm", {x, w}, {{"transB", 1}, {"alpha", 0.5}});
  const std::string last = graph.add("LSTM", {y, graph.constant(7)}, {{"hidden_size", 5}}, 1);
  const std::string flat = graph.add("Reshape", {codes, graph.constant({0, -1})});
  graph.output("z", graph.add("Conv", {last, flat}, {{"pads", std::vector<std::int64_t>{1, 0, 300}}}), {"n", 1});
  const OnnxFile file = test::read_onnx(graph.file({{"who", "thalweg"}, {"training", "{}"}}));

  EXPECT_EQ(file.ir_version, 7);
  EXPECT_THAT(file.opsets, ElementsAre(Pair("", 13)));
  EXPECT_THAT(file.metadata, ElementsAre(Pair("training", "{}"), Pair("who", "thalweg")));
  EXPECT_EQ(file.graph_name, "small");
  ASSERT_EQ(file.inputs.size(), 2u);
  EXPECT_EQ(file.inputs[0].type, 1);
  EXPECT_THAT(file.inputs[0].axes, ElementsAre("n", "3"));
  EXPECT_EQ(file.inputs[1].type, 7);
  EXPECT_THAT(file.inputs[1].axes, ElementsAre("n", "length", "2"));
  EXPECT_THAT(file.weights.at("w").shape, ElementsAre(2, 3));
  EXPECT_EQ(file.weights.at("w").raw.substr(0, 4), std::string("\0\0\xC0\x3F", 4)) << "1.5, little-endian";
  EXPECT_THAT(file.weights.at("w").floats(), ::testing::ElementsAreArray(weights));
  EXPECT_THAT(file.node("Gemm").attributes, ElementsAre(Pair("alpha", "0.500000"), Pair("transB", "1")));
  EXPECT_THAT(file.node("LSTM").outputs, ElementsAre("", last));
  EXPECT_THAT(file.node("Conv").attributes, ElementsAre(Pair("pads", "[1, 0, 300]")));
  const test::OnnxTensor& shape = file.weights.at(file.node("Reshape").inputs[1]);
  EXPECT_EQ(shape.type, 7);
  EXPECT_THAT(shape.shape, ElementsAre(2));
  EXPECT_EQ(test::number_at<std::int64_t>(shape.raw, 8), -1);
  ASSERT_EQ(file.outputs.size(), 1u);
  EXPECT_EQ(file.outputs[0].name, "z");
  EXPECT_THAT(test::faults_of(file), IsEmpty());
}

TEST(OnnxGraph, RefusesWhatCannotBe) {
  OnnxGraph graph("small");
  graph.input("x", OnnxType::float32, {"n"});
  EXPECT_THAT(error_of([&] { graph.input("x", OnnxType::float32, {"n"}); }), HasSubstr("called x"));
  EXPECT_THAT(error_of([&] { graph.weight("x", {1}, std::array{1.0f}); }), HasSubstr("called x"));
  EXPECT_THAT(error_of([&] { graph.add("Relu", {"y"}); }), AllOf(HasSubstr("Relu"), HasSubstr("y")));
  EXPECT_THAT(error_of([&] { graph.output("y", "z", {}); }), HasSubstr("z"));
  // 2 GiB that are never touched.
  constexpr std::size_t kBytes = std::size_t{1} << 31;
  void* const memory = mmap(nullptr, kBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  const std::span large(static_cast<const float*>(memory), kBytes / sizeof(float));
  EXPECT_THAT(error_of([&] { graph.weight("large", {1 << 29}, large); }),
              AllOf(HasSubstr("large"), HasSubstr("2147483647")));
  munmap(memory, kBytes);
  EXPECT_THAT(test::faults_of(test::read_onnx(graph.file({}))), ElementsAre("nothing takes x"));
}

TEST(OnnxReader, FindsFaults) {
  OnnxFile file;
  file.inputs = {{.name = "x"}};
  file.weights["w"] = {.shape = {2, 2}, .type = 1, .raw = std::string(12, '\0')};
  file.nodes = {{.type = "Add", .name = "a", .inputs = {"x", "y"}, .outputs = {"z"}},
                {.type = "Add", .name = "a", .inputs = {"z", "z"}, .outputs = {"y"}}};
  file.outputs = {{.name = "out"}};
  EXPECT_THAT(test::faults_of(file), ElementsAre("the bytes of w", "a takes y, which is not there yet", "two nodes a",
                                                 "no node gives out", "nothing takes w"));
}

class OnnxExport : public test::OnnxExport {
 protected:
  /// A number of columns, one with gaps, and two of categories.
  std::string table() const {
    std::ofstream file(path("table.csv"));
    file << "a,gaps,kind,form,y\n";
    for (int i = 0; i < 60; ++i)
      file << std::sin(i) << ',' << (i % 4 == 0 ? "" : std::to_string(i % 7)) << ',' << "xyz"[i % 3] << ','
           << "pq"[i % 2] << ',' << 10 + i % 5 << '\n';
    return "csv:" + path("table.csv");
  }
};

TEST_F(OnnxExport, DenseModelsOfImages) {
  test::write_learnable_dataset(folder_.path(), 100, 20);
  const std::string data = "idx:" + folder_.path().string();
  train("softmax", data);
  EXPECT_EQ(same_weights(), 2u);
  EXPECT_EQ(onnx_.inputs.at(0).name, "x");
  EXPECT_EQ(onnx_.inputs.at(0).axes.at(1), "1");
  EXPECT_EQ(onnx_.outputs.at(0).axes, (std::vector<std::string>{"n", "10"}));
  EXPECT_THAT(onnx_.weights.at("mean").shape, IsEmpty()) << "one for all pixels";
  const auto scaling = nlohmann::json::parse(onnx_.metadata.at("training")).at("scaling");
  EXPECT_EQ(onnx_.weights.at("deviation").floats().at(0), scaling.at("deviation").at(0).get<float>());

  train("mlp", data, {"--dense", "12,7", "--batch-norm", "--activation", "gelu", "--dropout", "0.3"});
  EXPECT_EQ(same_weights(), 6u + 8u);
  EXPECT_EQ(onnx_.count("Gemm"), 3u);
  EXPECT_EQ(onnx_.count("Erf"), 2u);
  EXPECT_EQ(onnx_.count("Dropout"), 0u);
  const test::OnnxNode& norm = onnx_.node("BatchNormalization", 1);
  EXPECT_THAT(norm.inputs,
              ElementsAre(::testing::_, "norm2.weight", "norm2.bias", "norm2.running_mean", "norm2.running_var"));
  EXPECT_THAT(norm.attributes, ElementsAre(Pair("epsilon", "0.000010")));
}

TEST_F(OnnxExport, ConvolutionsAreContiguous) {
  test::write_learnable_dataset(folder_.path(), 100, 20);
  train("cnn", "idx:" + folder_.path().string(), {"--dense", "16"});
  EXPECT_EQ(same_weights(), 8u);
  EXPECT_THAT(onnx_.node("Conv", 1).inputs, ElementsAre(::testing::_, "conv2.weight", "conv2.bias"));
  EXPECT_THAT(onnx_.node("Conv").attributes, ElementsAre(Pair("kernel_shape", "[3, 3]"), Pair("pads", "[1, 1, 1, 1]")));
  EXPECT_THAT(onnx_.node("MaxPool").attributes, ElementsAre(Pair("kernel_shape", "[2, 2]"), Pair("strides", "[2, 2]")));
}

TEST_F(OnnxExport, RegressionOfATable) {
  train("tabular", table(), {"--target", "y", "--dense", "6"});
  EXPECT_EQ(same_weights(), 5u);
  ASSERT_EQ(onnx_.inputs.size(), 2u);
  EXPECT_EQ(onnx_.inputs[0].name, "x");
  EXPECT_THAT(onnx_.inputs[0].axes, ElementsAre("n", "3")) << "a column more says where gaps are";
  EXPECT_EQ(onnx_.inputs[1].name, "codes");
  EXPECT_EQ(onnx_.inputs[1].type, 7);
  EXPECT_THAT(onnx_.inputs[1].axes, ElementsAre("n", "2"));
  EXPECT_THAT(onnx_.outputs[0].axes, ElementsAre("n"));
  EXPECT_EQ(onnx_.count("IsNaN"), 1u);
  EXPECT_EQ(onnx_.count("Gather"), 1u);
  EXPECT_THAT(onnx_.weights.at("mean").shape, ElementsAre(3));

  train(
      "tabular", table(),
      {"--target", "kind", "--dense", "0", "--column", "a=ignore", "--column", "gaps=ignore", "--column", "y=ignore"});
  ASSERT_EQ(onnx_.inputs.size(), 1u);
  EXPECT_EQ(onnx_.inputs[0].name, "codes");
  EXPECT_THAT(onnx_.outputs[0].axes, ElementsAre("n", "3"));
}

/// The rows of `name` that belong to its gates, in this order.
std::vector<float> gates(const std::vector<float>& values, std::size_t count, const std::vector<std::size_t>& order) {
  const std::size_t size = values.size() / count;
  std::vector<float> ordered;
  for (const std::size_t gate : order)
    for (std::size_t i = 0; i < size; ++i) ordered.push_back(values[gate * size + i]);
  return ordered;
}

TEST_F(OnnxExport, RecurrentGatesAreInOnnxsOrder) {
  struct Kind {
    const char *model, *type;
    std::vector<std::size_t> order;  // of PyTorch's gates: i f g o as i o f g, r z n as z r n
  };
  for (const Kind& kind : {Kind{"lstm", "LSTM", {0, 3, 1, 2}}, Kind{"gru", "GRU", {1, 0, 2}}}) {
    train(kind.model, "make:sines,rows=200", {"--hidden", "5", "--layers", "2"});
    ASSERT_EQ(onnx_.count(kind.type), 2u);
    for (std::size_t layer = 0; layer < 2; ++layer) {
      const auto name = [&](const char* part) {
        return std::string(kind.model) + '.' + part + "_l" + std::to_string(layer);
      };
      const auto ordered = [&](const char* part) { return gates(weight(name(part)), kind.order.size(), kind.order); };
      const test::OnnxNode& node = onnx_.node(kind.type, layer);
      EXPECT_THAT(node.inputs, ElementsAre(::testing::_, name("W"), name("R"), name("B")));
      EXPECT_EQ(node.outputs.size(), layer == 0 ? 1u : 2u) << "the last step of the last layer alone";
      EXPECT_EQ(onnx_.weights.at(name("W")).floats(), ordered("weight_ih"));
      EXPECT_EQ(onnx_.weights.at(name("R")).floats(), ordered("weight_hh"));
      EXPECT_THAT(onnx_.weights.at(name("R")).shape, ElementsAre(1, 5 * std::ssize(kind.order), 5));
      std::vector<float> biases = ordered("bias_ih");
      for (const float each : ordered("bias_hh")) biases.push_back(each);
      EXPECT_EQ(onnx_.weights.at(name("B")).floats(), biases);
      EXPECT_EQ(node.attributes.at("hidden_size"), "5");
      EXPECT_EQ(node.attributes.contains("linear_before_reset"), kind.model == std::string("gru"));
    }
  }
}

TEST_F(OnnxExport, CharactersOfAnyLength) {
  std::ofstream text(path("text"));
  for (int i = 0; i < 100; ++i) text << "abcdefgh\n";
  text.close();
  train("gru", "text:" + path("text"), {"--hidden", "5", "--window", "16"});
  ASSERT_EQ(onnx_.inputs.size(), 1u);
  EXPECT_EQ(onnx_.inputs[0].name, "x");
  EXPECT_EQ(onnx_.inputs[0].type, 7);
  EXPECT_THAT(onnx_.inputs[0].axes, ElementsAre("n", "length"));
  EXPECT_THAT(onnx_.outputs[0].axes, ElementsAre("n", "length", "10"));
  EXPECT_THAT(onnx_.node("Gather").inputs, ElementsAre("embedding.weight", "x"));
}

}  // namespace
}  // namespace thalweg::lab
