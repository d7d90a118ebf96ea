// A trained model as ONNX: scaling in front of the model's own nodes, the target's units behind them.
#include "training/onnx_model.h"

#include "onnx/graph.h"
#include "training/weights.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr const char* kBatch = "n";
constexpr const char* kLength = "length";

std::string input_of(OnnxGraph& graph, const Input& input) {
  std::vector<OnnxAxis> axes{kBatch};
  if (input.kind == InputKind::characters) {
    axes.emplace_back(kLength);
  } else {
    axes.insert(axes.end(), input.shape.begin(), input.shape.end());
  }
  return graph.input(input.kind == InputKind::categories ? "codes" : "x",
                     input.is_real() ? OnnxType::float32 : OnnxType::int64, axes);
}

/// For each column, or of images for all pixels.
std::string weight(OnnxGraph& graph, const char* name, const std::vector<double>& values, bool is_image) {
  std::vector<float> floats;
  std::ranges::transform(values, std::back_inserter(floats), [](double value) { return static_cast<float>(value); });
  if (is_image) floats.resize(1);
  std::vector<std::int64_t> shape;
  if (!is_image) shape.push_back(static_cast<std::int64_t>(floats.size()));
  return graph.weight(name, shape, floats);
}

/// By the training part; a gap is the mean, what is beyond the floats the last of them.
std::string scaled(OnnxGraph& graph, const Input& input, const Scaling& scaling, const std::string& x) {
  if (!input.is_real()) return x;
  const bool is_image = input.kind == InputKind::image;
  const std::string mean = weight(graph, "mean", scaling.mean, is_image);
  const std::string deviation = weight(graph, "deviation", scaling.deviation, is_image);
  const std::string y = graph.add("Div", {graph.add("Sub", {x, mean}), deviation});
  if (is_image) return y;
  const std::string filled = graph.add("Where", {graph.add("IsNaN", {y}), graph.constant(0), y});
  constexpr double kLargest = std::numeric_limits<float>::max();
  return graph.add("Clip", {filled, graph.constant(-kLargest), graph.constant(kLargest)});
}

void add_output(OnnxGraph& graph, const TrainedModel& trained, const std::string& y) {
  const Scaling& scaling = trained.checkpoint.scaling;
  const std::int64_t outputs = outputs_of(trained.checkpoint).value_or(trained.objective->outputs());
  switch (trained.checkpoint.dataset.target.kind) {
    case TargetKind::number: {
      const std::string flat = graph.add("Reshape", {y, graph.constant(std::vector<std::int64_t>{-1})});
      const std::string wide = graph.add("Mul", {flat, graph.constant(scaling.target_deviation)});
      return graph.output("y", graph.add("Add", {wide, graph.constant(scaling.target_mean)}), {kBatch});
    }
    case TargetKind::characters:
      return graph.output("y", y, {kBatch, kLength, outputs});
    case TargetKind::label:
      return graph.output("y", y, {kBatch, outputs});
  }
}

}  // namespace

std::string to_onnx(const TrainedModel& trained) {
  const Checkpoint& checkpoint = trained.checkpoint;
  if (trained.model->inner() != nullptr) {
    throw Error(fmt::format(
        "ONNX: {} is a TorchScript module, which the framework that it comes from writes as ONNX: export "
        "the run as trained.pt; in Python, load_state_dict(torch.jit.load(\"trained.pt\").inner.state_dict()) "
        "into the model that it was made of, and torch.onnx.export that (it takes scaled data)",
        printable(checkpoint.config.model)));
  }
  try {
    OnnxGraph graph(checkpoint.config.model);
    std::vector<std::string> values;
    for (const Input& input : checkpoint.dataset.inputs)
      values.push_back(scaled(graph, input, checkpoint.scaling, input_of(graph, input)));
    add_output(graph, trained, trained.model->onnx(graph, values));
    return graph.file({{"training", exported_text(checkpoint)}});
  } catch (const Error& error) {
    throw Error(fmt::format("ONNX: {}: {}", printable(checkpoint.config.model), error.what()));
  }
}

}  // namespace thalweg::lab
