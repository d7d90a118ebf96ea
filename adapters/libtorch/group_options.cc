// GroupOptions: a parameter group's options, as LibTorch's class and as the engine's.
#include "group_options.h"

#include <torch/serialize/archive.h>

namespace thalweg::inline v0_1::libtorch {

namespace {

/// `lr, beta1 or beta2`: the rule's options for an error.
std::string names_of_options(const RuleInfo& rule) {
  std::string text;
  for (std::size_t i = 0; i < rule.options.size(); ++i) {
    text += i == 0 ? "" : i + 1 == rule.options.size() ? " or " : ", ";
    text += rule.options[i].name;
  }
  return text;
}

/// A group's options in the shape of LibTorch's class.
template <class Theirs>
class Shown final : public Theirs, private Reserve, public GroupOptions {
 public:
  Shown(Options options, std::optional<std::string> name, double lr_scale)
      : Theirs(first()), GroupOptions(std::move(options), std::move(name), lr_scale) {
    show_all();
  }

  double get_lr() const override { return get("lr"); }
  void set_lr(double lr) override { set("lr", lr); }
  std::unique_ptr<torch::optim::OptimizerOptions> clone() const override { return std::make_unique<Shown>(*this); }

  void serialize(torch::serialize::OutputArchive& archive) const override {
    const Options& ours = options();
    if constexpr (kHasClass) Theirs::serialize(archive);
    archive.write("rule", torch::IValue(std::string(ours.rule().name)));
    for (const OptionInfo& option : ours.rule().options) {
      const auto is_key = [&](const auto& member) { return member.key == option.name; };
      if (std::ranges::any_of(kMembers<Theirs>, is_key)) continue;  // LibTorch's class has written it
      archive.write(std::string(option.name), torch::IValue(get(option.name)));
    }
  }

  void serialize(torch::serialize::InputArchive& archive) override {
    torch::IValue value;
    if (!archive.try_read("rule", value)) {
      if constexpr (kHasClass) {  // LibTorch's own
        Theirs theirs = first();
        theirs.serialize(archive);
        set_options(with_members<Theirs>(options(), theirs));
        return;
      }
      throw Error("parameter group: the archive holds no options of thalweg (key \"rule\")");
    }
    Options read = Options::of(value.toStringRef());
    for (const OptionInfo& option : read.rule().options) {
      archive.read(std::string(option.name), value);
      read.set(option.name, value.isBool() ? (value.toBool() ? 1 : 0) : value.toDouble());
    }
    set_options(std::move(read));
  }

 private:
  static constexpr bool kHasClass = !std::is_same_v<Theirs, torch::optim::OptimizerOptions>;

  /// For a first moment, until the values are written: SGD's options cannot be made without a rate.
  static Theirs first() {
    if constexpr (kHasClass) {
      return Theirs(1);
    } else {
      return {};
    }
  }

  std::span<const std::string_view> members() const override {
    static constexpr auto kNames = [] {
      std::array<std::string_view, kMembers<Theirs>.size()> names{};
      for (std::size_t i = 0; i < names.size(); ++i) names[i] = kMembers<Theirs>[i].option;
      return names;
    }();
    return kNames;
  }
  double member(std::size_t index) const override { return kMembers<Theirs>[index].get(*this); }
  void set_member(std::size_t index, double value) override { kMembers<Theirs>[index].set(*this, value); }

  bool restore_reserve() override {
    if (is_intact()) return true;
    fill();
    return false;
  }
};

template <class Theirs>
constexpr bool kIsSafe = sizeof(Shown<Theirs>) >=
                         sizeof(torch::optim::OptimizerOptions) + Reserve::kBytes + sizeof(GroupOptions);
static_assert(kIsSafe<torch::optim::OptimizerOptions> && kIsSafe<torch::optim::SGDOptions>);

}  // namespace

GroupOptions::GroupOptions(Options options, std::optional<std::string> name, double lr_scale)
    : options_(std::move(options)), name_(std::move(name)) {
  set_lr_scale(lr_scale);
}

/// The copy is bound to no engine, and keeps what was written into LibTorch's members and not taken over yet.
GroupOptions::GroupOptions(const GroupOptions& other)
    : options_(other.options_now()), name_(other.name_), lr_scale_(other.lr_scale()), shown_(other.shown_) {}

GroupOptions::~GroupOptions() {
  if (board_) std::erase(board_->shown, this);
}

thalweg::Optimizer* GroupOptions::engine() const { return board_ ? board_->engine : nullptr; }

const Options& GroupOptions::options_now() const { return engine() ? engine()->options(group_) : options_; }

void GroupOptions::bind(std::shared_ptr<Board> board, const torch::optim::OptimizerOptions& self, Group group) {
  if (board_) std::erase(board_->shown, this);
  board_ = std::move(board);
  self_ = &self;
  board_->shown.push_back(this);
  group_ = group;
  show_all();
}

/// For the time after the engine.
void GroupOptions::keep_values() {
  options_ = options_now();
  lr_scale_ = lr_scale();
}

std::string GroupOptions::called() const { return "parameter group" + (name_ ? " \"" + *name_ + "\"" : std::string()); }

/// Has LibTorch's members show the options in force, whatever was written there.
void GroupOptions::show_all() {
  const std::span<const std::string_view> names = members();
  for (std::size_t i = 0; i < names.size(); ++i) {
    shown_[i] = options_now().get(names[i]);
    set_member(i, shown_[i]);
  }
}

/// Shows what has changed in the engine, and leaves alone what was written here and has not been taken over yet.
void GroupOptions::show_changes() {
  const std::span<const std::string_view> names = members();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double value = options_now().get(names[i]);
    if (value != shown_[i]) set_member(i, value);
    shown_[i] = value;
  }
}

/// Puts into force what was written into LibTorch's members.
void GroupOptions::take_over() {
  if (!restore_reserve()) {
    const RuleInfo& rule = options_now().rule();
    const std::string theirs = libtorch_class_name(rule);
    throw Error(called() + ": its options were written to as a class of torch::optim that they are not; " +
                (theirs.empty() ? "LibTorch has no " + std::string(rule.name) : "they are " + theirs) +
                ": write optimizer.group_options(\"" + name_.value_or("") + "\").set(OPTION, value), where OPTION is " +
                names_of_options(rule) + "; a rate may also be set by options().set_lr(value)");
  }
  const std::span<const std::string_view> names = members();
  std::size_t first = 0;
  const auto is_shown = [&](std::size_t i) { return member(i) == shown_[i]; };  // NaN never is
  while (first < names.size() && is_shown(first)) ++first;
  if (first == names.size()) return;

  Options changed = options_now();
  try {
    for (std::size_t i = first; i < names.size(); ++i) {
      if (!is_shown(i)) changed.set(names[i], member(i));
    }
  } catch (const Error& error) {
    throw Error(called() + ", written as " + libtorch_class_name(changed.rule()) + ": " + error.what());
  }
  set_options(std::move(changed));
}

const Options& GroupOptions::options() const {
  // What was written through LibTorch's class is no change of what these options are.
  const_cast<GroupOptions*>(this)->take_over();
  return options_now();
}

void GroupOptions::set_options(Options options) {
  if (&options.rule() != &options_.rule()) {
    throw Error(called() + ": options of " + std::string(options.rule().name) + " given to " +
                std::string(options_.rule().name));
  }
  if (engine()) {
    engine()->set_options(group_, std::move(options));
  } else {
    options_ = std::move(options);
  }
  show_all();
}

void GroupOptions::set(std::string_view option, double value) {
  if (engine()) {
    engine()->set(group_, option, value);
  } else {
    options_.set(option, value);
  }
  const std::span<const std::string_view> names = members();
  const auto found = std::ranges::find(names, option);
  if (found == names.end()) return;
  const auto index = static_cast<std::size_t>(found - names.begin());
  shown_[index] = value;
  set_member(index, value);  // also where something else was written before
}

double GroupOptions::lr_scale() const { return engine() ? engine()->lr_scale(group_) : lr_scale_; }

void GroupOptions::set_lr_scale(double scale) {
  if (engine()) {
    engine()->set_lr_scale(group_, scale);
  } else {
    if (!at_least(0).contains(scale)) {
      throw Error(called() + ": lr_scale = " + std::to_string(scale) + " is outside " + at_least(0).text());
    }
    lr_scale_ = scale;
  }
}

std::unique_ptr<torch::optim::OptimizerOptions> group_options(Options options, std::optional<std::string> name,
                                                              double lr_scale) {
  const RuleInfo& rule = options.rule();
  return with_libtorch_class(rule, [&]<class Theirs>(std::type_identity<Theirs>) {
    return std::unique_ptr<torch::optim::OptimizerOptions>(
        std::make_unique<Shown<Theirs>>(std::move(options), std::move(name), lr_scale));
  });
}

}  // namespace thalweg::inline v0_1::libtorch
