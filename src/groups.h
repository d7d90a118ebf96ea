// Groups: the parameter groups of an optimizer, each with a rule, its options and the kernels that run it.
#pragma once

#include <thalweg/optimizer.h>

#include "backends/backend.h"

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::inline v0_1 {

using Scalars = std::array<double, kMaxScalars>;

struct GroupRecord {
  std::string name;
  const Rule* rule;
  Kernels kernels;
  Options options;
  std::uint64_t version;              ///< changes where the options may change a parameter's columns
  double lr_scale = 1;                ///< of set("lr", …)
  double lr = 0;                      ///< the rate at the schedule's factor 1; that in force is in the options
  bool has_pattern = false;           ///< its name is one, by which parameters come into it
  bool waits_for_parameters = false;  ///< and none has come
  Scalars shared_scalars{};           ///< with StepCount::shared, instead of each parameter's own
};

/// The rule's scalars before the first step.
Scalars first_scalars(const Rule& rule);

/// Throws Error, which begins with `what`, if the scale is outside [0, ∞).
void check_lr_scale(double scale, const std::string& what);

class Groups {
 public:
  /// The first group, whose name is empty.
  Groups(Options options, std::string backend);

  std::size_t size() const { return records_.size(); }
  /// Throws Error if there is no such group.
  const GroupRecord& operator[](Group group) const;
  const GroupRecord& at(std::uint32_t index) const { return records_[index]; }
  GroupRecord& at(std::uint32_t index) { return records_[index]; }
  auto begin() const { return records_.begin(); }
  auto end() const { return records_.end(); }
  auto begin() { return records_.begin(); }
  auto end() { return records_.end(); }

  Group add(std::string_view name, Options options, double lr_scale);
  /// A group that is named by a pattern and takes the parameters whose names fit.
  Group add_by_pattern(const std::string& pattern, Options options, double lr_scale);
  /// The first group whose pattern the name fits, or the first of all.
  Group fitting(std::string_view name) const;
  /// A parameter has come into the group.
  void fit(Group group);
  /// A parameter of this name has come: patterns that it fits do not wait any more, even if an earlier one has taken
  /// it.
  void fit_all(std::string_view name);
  /// Has every pattern found a parameter?
  bool patterns_fit() const { return waiting_ == 0; }
  /// Throws Error for a pattern that has found none among these names.
  void check_patterns(const std::vector<std::string>& names) const;
  /// Throws Error that suggests the nearest names.
  Group find(std::string_view name) const;
  void set_options(Group group, Options options);
  void set(std::string_view option, double value);
  void set(Group group, std::string_view option, double value);
  void set_lr_scale(Group group, double scale);
  /// The schedule's factor: every rate in force becomes it times the group's own. Throws Error, and changes no group,
  /// if one is not allowed.
  void set_factor(double factor);

  /// Every rule that a group has, once for each family, in the order of the groups: index of the first such group.
  std::vector<std::uint32_t> families() const;
  void set_family_scalars(std::string_view family, const Scalars& scalars) { family_scalars_[family] = scalars; }
  const std::map<std::string_view, Scalars>& all_family_scalars() const { return family_scalars_; }
  /// The rule's scalars of these numbers: those that belong to the optimizer from the family's, the others as given.
  Scalars with_family(const Rule& rule, const Scalars& own) const;

  /// Takes other records and scalars over, as they were made from these.
  void replace(std::vector<GroupRecord> records, std::map<std::string_view, Scalars> family_scalars);
  const std::vector<GroupRecord>& records() const { return records_; }

  const Backend& backend() const { return backend_; }

  std::function<void()> options_changed = [] {};

 private:
  GroupRecord& record(Group group);
  GroupRecord make(std::string_view name, Options options, double lr_scale);
  static void check_rule(const GroupRecord& record, const Options& options);
  void change_options(GroupRecord& record, Options options);
  /// The same with the rate at factor 1, which may be one that is not allowed under the factor: then it throws Error.
  void take_over(GroupRecord& record, Options options, double lr);

  std::string backend_name_;
  Backend backend_;
  std::vector<GroupRecord> records_;
  std::map<std::string_view, Scalars> family_scalars_;
  std::uint64_t versions_ = 0;
  double factor_ = 1;        // of the schedule
  std::size_t waiting_ = 0;  // patterns that have found no parameter
};

}  // namespace thalweg::inline v0_1
