// Optimizer: applies rules to parameters that live in the caller's buffers.
#pragma once

#include <thalweg/api.h>
#include <thalweg/description.h>
#include <thalweg/elements.h>
#include <thalweg/execution.h>
#include <thalweg/options.h>
#include <thalweg/report.h>
#include <thalweg/safetensors.h>
#include <thalweg/settings.h>
#include <thalweg/shape.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace thalweg::inline v0_1 {

/// The largest step number there is, 2⁵³: beyond it a double does not count.
inline constexpr std::int64_t kMostSteps = std::int64_t{1} << 53;

/// Names of the instruction sets this machine can run, the fastest first: `AVX3`, `AVX2`, `SSE4`, `SCALAR` on x86-64.
THALWEG_API std::vector<std::string> cpu_targets();

/// Names a parameter without a look-up. Valid until the parameter is removed; never reused within an optimizer.
struct Handle {
  std::uint32_t index = UINT32_MAX;
  bool operator==(const Handle&) const = default;
};

/// Names a parameter group. Group 0 has the options that the optimizer was made with.
struct Group {
  std::uint32_t index = 0;
  bool operator==(const Group&) const = default;
};

/// Rows of a table-shaped gradient: row `indices[i]` is `values[i * width …]`, where width = values.size() /
/// indices.size(). Rows that are not named are zero; rows named twice are summed. The step equals the dense one.
template <Element T>
struct Rows {
  std::span<const std::int64_t> indices;
  std::span<const T> values;
};
template <class T>
inline constexpr bool kIsRows = false;
template <Element T>
inline constexpr bool kIsRows<Rows<T>> = true;

/// The gradient of one parameter, dense or as rows. Refers to the caller's memory, which `step` only reads.
struct Gradient {
  using Parameter = std::variant<std::string_view, Handle>;
  using Values = std::variant<std::span<const float>, std::span<const double>, Rows<float>, Rows<double>>;

  template <class Range>
  requires(!kIsRows<Range>) Gradient(Parameter which, const Range& dense)
      : parameter(which), values(gradient_elements(dense)) {}
  template <Element T>
  Gradient(Parameter which, Rows<T> rows) : parameter(which), values(rows) {}
  // Literals and strings convert to string_view on the way.
  template <class Range>
  requires(!kIsRows<Range>) Gradient(const char* name, const Range& dense)
      : Gradient(Parameter(std::string_view(name)), dense) {}
  template <class Range>
  requires(!kIsRows<Range>) Gradient(const std::string& name, const Range& dense)
      : Gradient(Parameter(std::string_view(name)), dense) {}

  Parameter parameter;
  Values values;
};

/// What `Optimizer::state` returns and `Optimizer::load` takes: tensors by name and text metadata.
using State = safetensors::Contents;

/// What `load` does where the state and the optimizer have not the same parameters or groups.
struct LoadOptions {
  /// Parameters and groups of the optimizer that are not in the state.
  enum class Missing {
    refuse,
    keep,  ///< they keep their own state and options (a warm start: new layers begin as they are)
  };
  /// Parameters and groups of the state that are not in the optimizer.
  enum class Unknown {
    refuse,
    ignore,  ///< they are left out; a parameter whose group is left out stays in its own
  };

  Missing missing = Missing::refuse;
  Unknown unknown = Unknown::refuse;
};

/// What `load` did not carry over.
struct LoadReport {
  std::vector<std::string> kept;     ///< names of the optimizer's parameters that kept their own state
  std::vector<std::string> ignored;  ///< names of the state's parameters that were left out
};

/// Applies rules to any number of parameters in the caller's memory (f32 or f64, which may be mixed). Each group has a
/// rule and options of its own; clipping, averages, checks and step numbers are of the whole optimizer.
///
/// Not thread-safe: one call at a time for each optimizer. Different optimizers are independent.
class THALWEG_API Optimizer {
 public:
  /// `options` is usually a rule's struct: `Optimizer optimizer{RMSprop{.lr = 1e-3}};`.
  explicit Optimizer(Options options, Settings settings = {}, Execution execution = {});
  /// All that the description says: its groups, named by their patterns, take the parameters that are added without a
  /// group and whose names fit; its schedule moves the rates. Throws Error as `check`.
  explicit Optimizer(const Description& description, Execution execution = {});
  ~Optimizer();
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;

  /// What it computes, with all that has been changed since it was made. Groups that were added without a pattern, and
  /// parameters that were moved out of where their names' pattern puts them, are told by patterns of names. Where the
  /// schedule stands, and what `set_run_length` has said of an epoch, is not part of it.
  Description description() const;
  /// The first group's rule; another group's is `options(group).rule()`.
  const RuleInfo& rule() const;
  /// With what `set_clip`, `set_average`, `load` and a dynamic loss scale have changed.
  const Settings& settings() const;
  /// With what `set_report` has changed.
  const Execution& execution() const;
  /// The instruction set that runs the steps, as its own compiled code says: one of `cpu_targets()` or `reference`.
  std::string_view target() const;

  /// @name Groups
  /// @{

  /// A group with a rule and options of its own, and its `lr_scale`. Its rate is the options' lr as it stands. Throws
  /// Error if the name is taken or not UTF-8, or the scale is outside [0, ∞).
  Group add_group(std::string_view name, Options options, double lr_scale = 1);
  /// The group of this name (the first group's is empty). Throws Error that suggests the nearest names.
  Group group(std::string_view name) const;
  std::size_t group_count() const;
  const std::string& group_name(Group group) const;
  const Options& options(Group group = {}) const;
  /// Replaces a group's options from the next step on; state is kept, new columns begin at their first values. Under a
  /// schedule an `lr` that is not the one in force becomes the rate at factor 1. Throws Error if they are of another
  /// rule.
  void set_options(Group group, Options options);
  /// Sets one option in every group whose rule has it (one must); `lr` to the value times the group's `lr_scale`. With
  /// a schedule that is the rate at factor 1. Throws Error, and changes no group, if a value is not allowed.
  void set(std::string_view option, double value);
  /// Sets one option of a group, `lr` too, to this very value.
  void set(Group group, std::string_view option, double value);
  /// The rate in force: with a schedule that of the last step, before the first one and after `load` that of the next.
  double lr(Group group = {}) const { return options(group).get("lr"); }
  /// What `set("lr", x)` multiplies x by for this group: 1 until it is set. It changes no rate by itself, and is saved
  /// with the state. Throws Error if the scale is outside [0, ∞).
  void set_lr_scale(Group group, double scale);
  double lr_scale(Group group = {}) const;

  /// @name Schedule
  ///
  /// Before each step every group's rate becomes its own rate times the schedule's factor. The schedule stands where
  /// the steps that were taken have brought it: refused steps and calls that accumulate do not move it. It and its
  /// position are part of the state.
  /// @{

  const std::optional<Schedule>& schedule() const;
  const SchedulePosition& schedule_position() const;
  /// Another schedule, or none, from the next step on; it begins at its first step unless `position` says otherwise.
  void set_schedule(std::optional<Schedule> schedule, const SchedulePosition& position = {});
  /// What the schedule is told of the run: what an epoch is, and how long the run is, for lengths that it left open. It
  /// is needed before the first step where they are. Throws Error as Schedule::within.
  void set_run_length(const RunLength& run);
  /// A schedule with a plateau sees the value of its metric, after each epoch usually. Throws Error if there is none.
  void see_metric(double metric);
  /// @}

  /// Has the function called after every change of a group's options, by `load` too: for what shows them elsewhere. It
  /// must not throw.
  void on_options_change(std::function<void()> changed);
  /// @}

  /// @name Parameters
  /// @{

  /// Adds a parameter, a vector if no shape is given. The memory must stay valid until `remove` or `rebind`. Throws
  /// Error if the name is empty, taken or not UTF-8, if the shape has another number of elements or strides that leave
  /// gaps, if the group's rule cannot step a parameter of this shape, or if the memory overlaps that of another
  /// parameter. Without a group it goes into that of the description whose pattern its name fits first, else into the
  /// first group.
  Handle add(std::string_view name, std::span<float> parameter, std::optional<Group> group = {});
  Handle add(std::string_view name, std::span<double> parameter, std::optional<Group> group = {});
  Handle add(std::string_view name, std::span<float> parameter, const Shape& shape, std::optional<Group> group = {});
  Handle add(std::string_view name, std::span<double> parameter, const Shape& shape, std::optional<Group> group = {});
  /// Any other range of float or double in memory: vectors, arrays, Eigen's vectors and matrices.
  template <class Range>
  Handle add(std::string_view name, Range&& parameter, std::optional<Group> group = {}) {
    return add(name, parameter_elements(std::forward<Range>(parameter)), group);
  }
  template <class Range>
  Handle add(std::string_view name, Range&& parameter, const Shape& shape, std::optional<Group> group = {}) {
    return add(name, parameter_elements(std::forward<Range>(parameter)), shape, group);
  }
  template <class Range>
  Handle add(std::string_view name, Range&& parameter, std::initializer_list<std::int64_t> sizes,
             std::optional<Group> group = {}) {
    return add(name, parameter_elements(std::forward<Range>(parameter)), Shape(sizes), group);
  }
  /// Tells where the parameter's memory now is. Its state is kept; type and length must be the same.
  void rebind(Handle handle, std::span<float> parameter);
  void rebind(Handle handle, std::span<double> parameter);
  template <class Range>
  void rebind(Handle handle, Range&& parameter) {
    rebind(handle, parameter_elements(std::forward<Range>(parameter)));
  }
  /// Forgets where the parameter's memory is, and keeps its state: it cannot step until `rebind`. For parameters that
  /// exchange memory, or whose old memory may be another's before the new place is told.
  void unbind(Handle handle);
  /// The same, where the parameter has another shape too, of as many elements, in the same order in memory.
  void rebind(Handle handle, std::span<float> parameter, const Shape& shape);
  void rebind(Handle handle, std::span<double> parameter, const Shape& shape);
  /// Forgets the parameter and its state.
  void remove(Handle handle);
  /// Puts the parameter into another group. Throws Error if that group's rule is of another family and the parameter
  /// has state, which would mean nothing there.
  void move(Handle handle, Group group);

  std::size_t size() const;  ///< number of parameters
  /// Handles of all parameters, in the order in which they were added.
  std::vector<Handle> handles() const;
  /// Throws Error that suggests the nearest names.
  Handle find(std::string_view name) const;
  bool contains(std::string_view name) const;
  const std::string& name(Handle handle) const;
  const Shape& shape(Handle handle) const;
  Group group_of(Handle handle) const;
  /// Steps this parameter has taken (of all steps, if `StepCount::shared`).
  std::int64_t step_number(Handle handle) const;
  /// @}

  /// @name Rows
  ///
  /// Of a parameter whose first dimension counts rows, such as points, particles or words, which come and go during
  /// training; of a parameter that was added without a shape every element is a row. State columns, averages and
  /// accumulated gradients follow, and with StepCount::per_row the step numbers of the rows. Step numbers are the
  /// parameter's own otherwise, so that bias correction takes young rows for old ones.
  ///
  /// Columns keep their memory where rows go, and rows that come later find room there: removing rows in place asks for
  /// no memory, nor does appending as many. Otherwise one column is copied at a time.
  ///
  /// Each throws Error, and changes nothing, if the parameter has no rows or does not hold each in one piece (in other
  /// memory formats), if a row is outside of it, or if the memory does not fit. Where memory fails (std::bad_alloc),
  /// nothing is changed either. Gradients after it are those of the new rows.
  /// @{

  /// These rows stay, in this order: ascending ones remove the others, any order reorders, and a row that is named
  /// twice is there twice from now on, with the same state. The parameter's own memory is moved too: the rows are now
  /// its front part, what lies behind belongs to the caller again. Throws Error if there would be more rows than
  /// before.
  void keep_rows(Handle handle, std::span<const std::int64_t> rows);
  /// The same where the caller has put the rows that stay into this memory, which is the parameter's from now on, even
  /// if it was unbound. It may be the old memory, and there may be more rows than before. Throws Error if it has
  /// another type, not as many elements as these rows, or is shared with another parameter.
  void keep_rows(Handle handle, std::span<const std::int64_t> rows, std::span<float> parameter);
  void keep_rows(Handle handle, std::span<const std::int64_t> rows, std::span<double> parameter);
  /// The parameter is now this memory, even if it was unbound: the rows that it had, and more behind them. It may begin
  /// where it began, or elsewhere. The state of the new rows begins at first values, at step 0 if they count steps;
  /// their average is what they are now. Throws Error as `keep_rows` does, or if there are fewer rows than before.
  void append_rows(Handle handle, std::span<float> parameter);
  void append_rows(Handle handle, std::span<double> parameter);
  /// The state of these rows begins anew, as that of appended ones; the rows themselves stay as they are.
  void reset_rows(Handle handle, std::span<const std::int64_t> rows);
  /// Steps that each row has taken since it began, with StepCount::per_row. Throws Error with another.
  std::vector<std::int64_t> row_steps(Handle handle) const;
  /// @}

  /// @name Steps
  /// @{

  /// One step with these gradients; parameters without one are left alone. If anything is wrong (unknown parameter, two
  /// gradients for one, other type or length, memory shared with a parameter, a loss that a rule needs and does not
  /// get) it throws Error before anything has been changed; so it does if a step number would become larger than
  /// kMostSteps. `loss` is that of the gradients; rules that ask for it (`RuleInfo::needs_loss`) need it finite.
  /// The report is `report()`, which the next step changes.
  const StepReport& step(std::span<const Gradient> gradients, std::optional<double> loss = {});
  const StepReport& step(std::initializer_list<Gradient> gradients, std::optional<double> loss = {}) {
    return step(std::span(gradients.begin(), gradients.size()), loss);
  }

  /// A step in parts: `begin_step`, `update` for each parameter as soon as its gradient is there, in any order, and
  /// `end_step`. The bits are those of one call of `step`. An `update` that throws changes nothing, and the step goes
  /// on. What must see all gradients first (clipping by the global norm, Check::guard, a dynamic loss scale,
  /// accumulation, sums over all parameters) makes `begin_step` throw Error that says what to do instead.
  void begin_step(std::optional<double> loss = {});
  void update(const Gradient& gradient);
  const StepReport& end_step();
  /// Has a step begun that has not ended?
  bool in_step() const;

  /// What the last step reported.
  const StepReport& report() const;
  /// Steps that were refused so far: by Check::guard, or by a rule.
  std::int64_t refused_steps() const;
  /// Calls of `step` whose gradients wait for the step that they are accumulated for.
  std::int64_t accumulated_calls() const;

  /// From the next step on. Throws Error if a number is outside its range.
  void set_clip(const Clip& clip);
  void set_check(Check check);
  void set_report(Reporting report);
  /// What the gradients of the next step are to be multiplied by: that of a dynamic loss scale changes with the steps.
  double loss_scale() const { return settings().loss_scale; }
  /// @}

  /// @name Averages
  /// @{

  /// From the next step on; averages that are there are kept. Throws Error if a number is outside its range.
  void set_average(const Average& average);
  /// The parameter's average (while the averages are swapped: the parameter). Empty before the first one. Throws Error
  /// if T is not the parameter's type.
  template <Element T>
  std::span<T> average(Handle handle);
  /// Exchanges every parameter with its average, bit by bit: once to evaluate the averages, and again to go on. In
  /// between, what would mistake one for the other (`step`, `state`, `save`, `load`) throws Error. Throws Error if a
  /// parameter is unbound, or if there are no averages and none are to come.
  void swap_averages();
  bool averages_are_swapped() const;
  /// @}

  /// @name State
  /// @{

  /// The parameter's state column (`v`, `m`, …), which may be written too. Empty if the column is not in use yet.
  /// Columns that are shaped like rows or columns have as many elements. Throws Error if the rule has no such column or
  /// T is not the parameter's type.
  template <Element T>
  std::span<T> column(Handle handle, std::string_view column);
  /// Bytes of state.
  std::size_t state_bytes() const;

  /// A copy of the whole state: options of every group, clipping and averaging, step numbers, scalars, columns,
  /// averages. Not the parameters.
  State state() const;
  /// Takes the state over, with its options, clipping and averaging. Every parameter here must be in it with the same
  /// type and length, and the other way round; parameters are matched by name, whatever their order, and groups by
  /// their names. Throws Error, and changes nothing, otherwise.
  void load(const State& state);
  /// The same, but parameters and groups may be missing or unknown as the options say:
  /// `optimizer.load(state, {.missing = LoadOptions::Missing::keep})`. What is on both sides must fit as ever. Throws
  /// Error, too, if the state has none of the optimizer's parameters.
  LoadReport load(const State& state, const LoadOptions& options);
  /// Writes the state as a safetensors file, which replaces `file` atomically and carries a checksum.
  void save(const std::filesystem::path& file) const;
  void load(const std::filesystem::path& file);
  LoadReport load(const std::filesystem::path& file, const LoadOptions& options);
  /// @}

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

extern template std::span<float> Optimizer::column<float>(Handle, std::string_view);
extern template std::span<double> Optimizer::column<double>(Handle, std::string_view);
extern template std::span<float> Optimizer::average<float>(Handle);
extern template std::span<double> Optimizer::average<double>(Handle);

/// Has the parameters hold their averages for as long as it lives:
/// `{ const SwappedAverages averages(optimizer); accuracy = evaluate(); }`.
class THALWEG_API SwappedAverages {
 public:
  explicit SwappedAverages(Optimizer& optimizer) : optimizer_(optimizer) { optimizer.swap_averages(); }
  ~SwappedAverages();
  SwappedAverages(const SwappedAverages&) = delete;
  SwappedAverages& operator=(const SwappedAverages&) = delete;

 private:
  Optimizer& optimizer_;
};

}  // namespace thalweg::inline v0_1
