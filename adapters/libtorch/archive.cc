// LibTorch's archives (torch::save, torch::load): written so that LibTorch's own optimizers read them too, and read
// from either side.
//
// Key "thalweg" holds the engine's state as safetensors bytes. Where LibTorch has the same optimizer, the columns are
// not among them but where LibTorch's optimizer has them, under "state", and "thalweg_parameters" names the parameters
// in the order of their numbers there.
#include "libtorch_class.h"
#include "optimizer_impl.h"
#include "parameters.h"

#include <thalweg/dialects.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>

namespace thalweg::inline v0_1::libtorch {

namespace {

using torch::serialize::InputArchive;
using torch::serialize::OutputArchive;

constexpr const char* kKey = "thalweg";
constexpr const char* kParametersKey = "thalweg_parameters";

/// Numbers are in the archive as LibTorch's own optimizers write them: counts as tensors, the rest as values.
torch::Tensor count_of(std::size_t count) { return torch::tensor(static_cast<std::int64_t>(count)); }

std::string column_name(const std::string& parameter, std::string_view column) {
  return parameter + "/" + std::string(column);
}

/// A tensor of the parameter's shape and order over the numbers, which live as long as it does.
torch::Tensor to_torch_tensor(safetensors::Tensor tensor, const Shape& shape) {
  const auto dtype = tensor.dtype == safetensors::Dtype::F32 ? torch::kFloat : torch::kDouble;
  const auto data = std::make_shared<std::vector<std::byte>>(std::move(tensor.data));
  const auto release = [data](void*) {};
  const torch::Tensor result =
      shape.strides.empty() ? torch::from_blob(data->data(), shape.sizes, release, torch::dtype(dtype))
                            : torch::from_blob(data->data(), shape.sizes, shape.strides, release, torch::dtype(dtype));
  return result.requires_grad_(false);
}

/// The elements in the tensor's own order in memory.
torch::Tensor in_memory_order(const torch::Tensor& values) {
  const torch::Tensor plain = values.detach();
  return plain.is_non_overlapping_and_dense() ? plain.as_strided({plain.numel()}, {1}) : plain.contiguous().view({-1});
}

torch::Tensor in_row_major_order(const torch::Tensor& values) { return values.detach().contiguous().view({-1}); }

safetensors::Tensor to_safetensor(const torch::Tensor& values) {
  const torch::Tensor plain = values.cpu();
  const auto length = static_cast<std::size_t>(plain.numel());
  if (plain.scalar_type() == torch::kFloat) {
    return safetensors::make_tensor(std::span<const float>(plain.data_ptr<float>(), length), {length});
  }
  if (plain.scalar_type() == torch::kDouble) {
    return safetensors::make_tensor(std::span<const double>(plain.data_ptr<double>(), length), {length});
  }
  throw Error("load: the archive holds state of dtype " + text(values.dtype()) + "; allowed: float, double");
}

std::vector<std::byte> bytes_of(const torch::Tensor& tensor) {
  const torch::Tensor plain = tensor.cpu().contiguous();
  const auto* bytes = static_cast<const std::byte*>(plain.data_ptr());
  return {bytes, bytes + plain.numel()};
}

/// JSON text. Names of parameters may hold anything.
std::string quoted(const std::string& name) {
  std::string result = "\"";
  for (const char character : name) {
    if (character == '"' || character == '\\') {
      result += {'\\', character};
    } else if (static_cast<unsigned char>(character) < 0x20) {
      std::array<char, 7> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(character));
      result += escape.data();
    } else {
      result += character;
    }
  }
  return result + "\"";
}

/// What LibTorch's archive says of one parameter group: its options, and the keys of its parameters' state.
struct SavedGroup {
  Options options;
  std::vector<std::string> keys;
};

SavedGroup read_group(InputArchive& groups, std::size_t index, const RuleInfo& rule) {
  InputArchive group, options;
  groups.read("param_groups/" + std::to_string(index), group);
  group.read("options", options);
  return with_libtorch_class(rule, [&]<class Theirs>(std::type_identity<Theirs>) {
    SavedGroup result{Options(rule), {}};
    if constexpr (!kMembers<Theirs>.empty()) {
      const std::vector<std::string> found = options.keys();
      for (const Member<Theirs>& member : kMembers<Theirs>) {
        if (std::ranges::find(found, member.key) != found.end()) continue;
        std::string names;
        for (const std::string& name : found) names += (names.empty() ? "" : ", ") + name;
        throw Error("load: the archive was saved from another optimizer: its options are " + names + ", and " +
                    libtorch_class_name(rule) + " has " + std::string(member.key));
      }
      Theirs theirs(0);
      theirs.serialize(options);
      result.options = with_members<Theirs>(result.options, theirs);
    }
    torch::Tensor size;
    group.read("params/size", size);
    for (std::int64_t i = 0; i < size.item<std::int64_t>(); ++i) {
      torch::IValue key;
      group.read("params/" + std::to_string(i), key);
      result.keys.push_back(key.toStringRef());
    }
    return result;
  });
}

/// Adds the columns that LibTorch's archive has of a parameter: their elements in the order of `flat`, under the names
/// that `name_of` gives them.
template <class Flat, class NameOf>
void read_columns(InputArchive& saved, const std::string& parameter, const Flat& flat, const NameOf& name_of,
                  State& state) {
  for (const LibTorchColumn& column : kLibTorchColumns) {
    torch::IValue value;
    if (!saved.try_read(std::string(column.theirs), value) || !value.isTensor()) continue;
    state.tensors[column_name(parameter, name_of(column))] = to_safetensor(flat(value.toTensor()));
  }
}

}  // namespace

/// Does LibTorch have an optimizer that does what this one does?
bool Optimizer::libtorch_has_this() const {
  const thalweg::Optimizer& engine = impl_->engine;
  if (engine.settings().step_count != StepCount::per_parameter || !impl_->has_one_rule()) return false;
  return with_libtorch_class(engine.rule(), [&]<class Theirs>(std::type_identity<Theirs>) {
    if constexpr (!kMembers<Theirs>.empty()) {
      for (std::uint32_t i = 0; i < engine.group_count(); ++i) {
        const Options& ours = engine.options(Group{i});
        Theirs theirs(0);
        write_members(ours, theirs);
        if (with_members(Options(engine.rule()), theirs) != ours) return false;
      }
      return true;
    }
    return false;
  });
}

/// Writes what LibTorch's own optimizer writes, and takes the columns that are there out of the state.
void Optimizer::save_as_libtorch(OutputArchive& archive, State& state) const {
  const thalweg::Optimizer& engine = impl_->engine;
  OutputArchive all_state(archive.compilation_unit()), all_groups(archive.compilation_unit());
  c10::List<std::string> names;
  all_groups.write("param_groups/size", count_of(param_groups_.size()));
  auto binding = impl_->bindings.begin();
  for (std::size_t index = 0; index < param_groups_.size(); ++index) {
    OutputArchive group(archive.compilation_unit()), options(archive.compilation_unit());
    const std::size_t size = param_groups_[index].params().size();
    group.write("params/size", count_of(size));
    for (std::size_t i = 0; i < size; ++i, ++binding) {
      const std::string& name = engine.name(binding->handle());
      names.push_back(name);
      const std::string key = std::to_string(names.size());  // LibTorch writes an address
      group.write("params/" + std::to_string(i), torch::IValue(key));
      OutputArchive parameter(archive.compilation_unit());
      bool has_state = false;
      for (const LibTorchColumn& column : libtorch_columns(engine.rule())) {
        auto node = state.tensors.extract(column_name(name, column.ours));
        if (!node) continue;
        parameter.write(std::string(column.theirs),
                        torch::IValue(to_torch_tensor(std::move(node.mapped()), engine.shape(binding->handle()))));
        has_state = true;
      }
      if (!has_state) continue;
      if (engine.rule().name != thalweg::SGD::name)
        parameter.write("step", torch::IValue(engine.step_number(binding->handle())));
      all_state.write(key, parameter);
    }
    param_groups_[index].options().serialize(options);
    group.write("options", options);
    all_groups.write("param_groups/" + std::to_string(index), group);
  }
  archive.write("pytorch_version", torch::IValue("1.5.0"));  // the version of this layout
  archive.write("state", all_state);
  archive.write("param_groups", all_groups);
  archive.write(kParametersKey, torch::IValue(names));
}

void Optimizer::save(OutputArchive& archive) const {
  State state = state_dict();
  if (libtorch_has_this()) save_as_libtorch(archive, state);
  const std::vector<std::byte> bytes = safetensors::to_bytes(state);
  torch::Tensor tensor = torch::empty({static_cast<std::int64_t>(bytes.size())}, torch::kByte);
  std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  archive.write(kKey, tensor, /*is_buffer=*/true);
}

/// What LibTorch's own optimizer saved, as a state that this one can load. Parameters are known by their places.
State Optimizer::read_libtorch(InputArchive& archive) const {
  const thalweg::Optimizer& engine = impl_->engine;
  const std::string theirs = libtorch_class_name(engine.rule());
  if (!impl_->has_one_rule()) {
    throw Error(
        "load: the archive was saved by an optimizer of LibTorch's own, which has one rule for all groups; the groups "
        "here have several");
  }
  if (theirs.empty()) {
    throw Error("load: the archive was saved by an optimizer of LibTorch's own, which has no " +
                std::string(engine.rule().name));
  }
  InputArchive all_state, all_groups;
  archive.read("state", all_state);
  archive.read("param_groups", all_groups);
  torch::Tensor size;
  all_groups.read("param_groups/size", size);
  const auto count = static_cast<std::size_t>(size.item<std::int64_t>());
  if (count != param_groups_.size()) {
    throw Error("load: the archive has " + std::to_string(count) + " parameter groups, the optimizer " +
                std::to_string(param_groups_.size()));
  }
  State file;
  std::string groups;
  auto binding = impl_->bindings.begin();
  for (std::size_t index = 0; index < count; ++index) {
    const SavedGroup group = read_group(all_groups, index, engine.rule());
    const std::size_t expected = param_groups_[index].params().size();
    if (group.keys.size() != expected) {
      throw Error("load: the archive's parameter group " + std::to_string(index) + " has " +
                  std::to_string(group.keys.size()) + " parameters, the optimizer's " + std::to_string(expected));
    }
    std::string members;
    for (std::size_t i = 0; i < expected; ++i, ++binding) {
      const std::string& name = engine.name(binding->handle());
      members += (members.empty() ? "" : ", ") + quoted(name);
      InputArchive saved;
      if (!all_state.try_read(group.keys[i], saved)) continue;
      read_columns(
          saved, name, in_row_major_order, [](const LibTorchColumn& column) { return column.theirs; }, file);
      torch::IValue step;
      if (!saved.try_read("step", step)) continue;
      const auto number = static_cast<double>(step.toInt());
      file.tensors[column_name(name, "step")] = safetensors::make_tensor(std::span<const double>(&number, 1), {});
    }
    std::string options = to_torch(group.options);
    options.insert(options.size() - 1, ", \"params\": [" + members + "]");
    groups += (groups.empty() ? "" : ", ") + options;
  }
  std::string name = theirs.substr(theirs.rfind(':') + 1);
  name.erase(name.rfind("Options"));
  file.metadata = {{"class", name}, {"param_groups", "[" + groups + "]"}};
  return from_torch_state(file, engine);
}

void Optimizer::load(InputArchive& archive) {
  synchronize();
  try {
    torch::Tensor tensor;
    if (archive.try_read(kKey, tensor, /*is_buffer=*/true) && tensor.scalar_type() == torch::kByte) {
      State state = safetensors::from_bytes(bytes_of(tensor), "archive");
      torch::IValue names;
      InputArchive all_state;
      if (archive.try_read(kParametersKey, names) && archive.try_read("state", all_state)) {
        const auto list = names.to<c10::List<std::string>>();
        for (std::size_t i = 0; i < list.size(); ++i) {
          InputArchive saved;
          if (!all_state.try_read(std::to_string(i + 1), saved)) continue;
          read_columns(
              saved, list.get(i), in_memory_order, [](const LibTorchColumn& column) { return column.ours; }, state);
        }
      }
      load_state_dict(state);
      return;
    }
    torch::IValue version;
    if (!archive.try_read("pytorch_version", version)) {
      throw Error("load: the archive holds no optimizer's state (keys \"" + std::string(kKey) +
                  "\" or \"pytorch_version\"): it was saved from something else");
    }
    load_state_dict(read_libtorch(archive));
  } catch (const c10::Error& error) {
    throw Error(std::string("load: the archive is damaged: ") + error.what_without_backtrace());
  }
}

}  // namespace thalweg::inline v0_1::libtorch
