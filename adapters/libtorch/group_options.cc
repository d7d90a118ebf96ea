// GroupOptions: a parameter group's options in LibTorch's shape.
#include <thalweg/libtorch.h>

namespace thalweg::libtorch {

GroupOptions::GroupOptions(Options options, std::optional<std::string> name)
    : options_(std::move(options)), name_(std::move(name)) {}

const Options& GroupOptions::options() const { return engine_ ? engine_->options(group_) : options_; }

void GroupOptions::set_options(Options options) {
  if (&options.rule() != &options_.rule()) {
    throw Error("parameter group: options of " + std::string(options.rule().name) + " given to " +
                std::string(options_.rule().name));
  }
  if (engine_) {
    engine_->set_options(group_, std::move(options));
  } else {
    options_ = std::move(options);
  }
}

void GroupOptions::set(std::string_view option, double value) {
  if (engine_) {
    engine_->set(group_, option, value);
  } else {
    options_.set(option, value);
  }
}

std::unique_ptr<torch::optim::OptimizerOptions> GroupOptions::clone() const {
  return std::make_unique<GroupOptions>(options(), name_);
}

void GroupOptions::serialize(torch::serialize::OutputArchive& archive) const {
  archive.write("rule", torch::IValue(std::string(options().rule().name)));
  for (const OptionInfo& option : options().rule().options) {
    archive.write(std::string(option.name), torch::IValue(get(option.name)));
  }
}

void GroupOptions::serialize(torch::serialize::InputArchive& archive) {
  torch::IValue rule_name;
  archive.read("rule", rule_name);
  Options read = Options::of(rule_name.toStringRef());
  for (const OptionInfo& option : read.rule().options) {
    torch::IValue value;
    archive.read(std::string(option.name), value);
    read.set(option.name, value.toDouble());
  }
  set_options(std::move(read));
}

}  // namespace thalweg::libtorch
