// Groups: their names, rules, options and rates.
#include "groups.h"

#include "checkpoint/utf8.h"
#include "text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <algorithm>
#include <cmath>

namespace thalweg::inline v0_1 {

Scalars first_scalars(const Rule& rule) {
  Scalars result{};
  for (std::size_t i = 0; i < rule.scalars.size(); ++i) result[i] = rule.scalars[i].first_value;
  return result;
}

void check_lr_scale(double scale, const std::string& what) {
  if (!(scale >= 0) || std::isinf(scale)) throw Error(what + ": lr_scale = " + to_text(scale) + " is outside [0, ∞)");
}

Groups::Groups(Options options, std::string backend)
    : backend_name_(std::move(backend)), backend_(make_backend(backend_name_)) {
  records_.push_back(make("", std::move(options), 1));
}

GroupRecord Groups::make(std::string_view name, Options options, double lr_scale) {
  const Rule& rule = engine_rule(options.rule());
  const double lr = options.get("lr");
  if (factor_ != 1) options.set("lr", lr * factor_);
  return {.name = std::string(name),
          .rule = &rule,
          .kernels = rule_kernels(rule, backend_name_),
          .options = std::move(options),
          .version = ++versions_,
          .lr_scale = lr_scale,
          .lr = lr,
          .shared_scalars = first_scalars(rule)};
}

const GroupRecord& Groups::operator[](Group group) const {
  if (group.index < records_.size()) return records_[group.index];
  throw Error("group " + std::to_string(group.index) + " does not exist; there are " + std::to_string(records_.size()));
}

GroupRecord& Groups::record(Group group) { return const_cast<GroupRecord&>((*this)[group]); }

Group Groups::add(std::string_view name, Options options, double lr_scale) {
  for (const GroupRecord& group : records_) {
    if (group.name == name) throw Error("add_group: the name " + in_quotes(name) + " is taken");
  }
  if (find_invalid_utf8(name) != std::string_view::npos) {
    throw Error("add_group: the name " + in_quotes(name) + " is not UTF-8");
  }
  check_lr_scale(lr_scale, "add_group: " + in_quotes(name));
  records_.push_back(make(name, std::move(options), lr_scale));
  return {static_cast<std::uint32_t>(records_.size() - 1)};
}

Group Groups::find(std::string_view name) const {
  std::vector<std::string> known;
  for (std::uint32_t i = 0; i < records_.size(); ++i) {
    if (records_[i].name == name) return {i};
    if (!records_[i].name.empty()) known.push_back(records_[i].name);
  }
  throw Error("unknown group " + in_quotes(name) +
              (known.empty() ? "; there is none but the first, \"\"" : suggest(name, known)));
}

void Groups::check_rule(const GroupRecord& record, const Options& options) {
  if (&options.rule() == record.rule) return;
  throw Error("options of " + std::string(options.rule().name) + " given to a group of " +
              std::string(record.rule->name));
}

void Groups::change_options(GroupRecord& record, Options options) {
  // New lengths of momentum or rates change no column; then nothing needs to be looked at again.
  const auto same = [](const ColumnInfo& a, const ColumnInfo& b) { return a.needed == b.needed; };
  const Rule& rule = *record.rule;
  if (rule.by_layout ||
      !std::ranges::equal(rule.columns_under(options, {}), rule.columns_under(record.options, {}), same)) {
    record.version = ++versions_;
  }
  record.options = std::move(options);
}

void Groups::take_over(GroupRecord& record, Options options, double lr) {
  options.set("lr", lr * factor_);
  change_options(record, std::move(options));
  record.lr = lr;
  options_changed();
}

void Groups::set_options(Group group, Options options) {
  GroupRecord& changed = record(group);
  check_rule(changed, options);
  // Whoever changes another option hands over the rate that is in force.
  const double lr = options.get("lr");
  take_over(changed, std::move(options), lr == changed.options.get("lr") ? changed.lr : lr);
}

void Groups::set(Group group, std::string_view option, double value) {
  GroupRecord& changed = record(group);
  Options options = changed.options;
  options.set(option, value);
  take_over(changed, std::move(options), option == "lr" ? value : changed.lr);
}

void Groups::set_factor(double factor) {
  if (factor == factor_) return;
  std::vector<Options> changed;
  for (const GroupRecord& group : records_) {
    Options& options = changed.emplace_back(group.options);
    try {
      options.set("lr", group.lr * factor);
    } catch (const Error& error) {
      throw Error("schedule: factor " + to_text(factor) + ": " + error.what());
    }
  }
  factor_ = factor;
  for (std::size_t i = 0; i < changed.size(); ++i) records_[i].options = std::move(changed[i]);
  options_changed();
}

void Groups::set(std::string_view option, double value) {
  struct Change {
    GroupRecord* group;
    Options options;
    double lr;
  };
  std::vector<Change> changes;  // all first, so that an error changes no group
  for (GroupRecord& group : records_) {
    if (!group.options.has(option) && (&group != &records_.back() || !changes.empty())) continue;
    Change change{&group, group.options, group.lr};
    change.options.set(option, value);
    if (option == "lr") {
      try {
        if (group.lr_scale != 1) change.options.set(option, value * group.lr_scale);
        change.lr = change.options.get("lr");
        if (factor_ != 1) change.options.set(option, change.lr * factor_);
      } catch (const Error& error) {
        throw Error("group " + in_quotes(group.name) + ": lr = " + to_text(value) +
                    " times lr_scale = " + to_text(group.lr_scale) + ": " + error.what());
      }
    }
    changes.push_back(std::move(change));
  }
  for (Change& change : changes) {
    change_options(*change.group, std::move(change.options));
    change.group->lr = change.lr;
    options_changed();
  }
}

void Groups::set_lr_scale(Group group, double scale) {
  GroupRecord& changed = record(group);
  check_lr_scale(scale, "group " + in_quotes(changed.name));
  changed.lr_scale = scale;
}

std::vector<std::uint32_t> Groups::families() const {
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < records_.size(); ++i) {
    const auto same = [&](std::uint32_t k) { return records_[k].rule->family == records_[i].rule->family; };
    if (std::ranges::none_of(result, same)) result.push_back(i);
  }
  return result;
}

Scalars Groups::with_family(const Rule& rule, const Scalars& own) const {
  Scalars result = own;
  const auto family = family_scalars_.find(rule.family);
  for (std::size_t i = 0; i < rule.scalars.size(); ++i) {
    if (rule.scalars[i].owner != ScalarOwner::optimizer) continue;
    result[i] = family != family_scalars_.end() ? family->second[i] : rule.scalars[i].first_value;
  }
  return result;
}

void Groups::replace(std::vector<GroupRecord> records, std::map<std::string_view, Scalars> family_scalars) {
  records_.swap(records);
  family_scalars_.swap(family_scalars);
  factor_ = 1;
  for (GroupRecord& record : records_) {
    record.version = ++versions_;
    record.options.set("lr", record.lr);
  }
  options_changed();
}

Group Groups::add_by_pattern(const std::string& pattern, Options options, double lr_scale) {
  const Group group = add(pattern, std::move(options), lr_scale);
  records_[group.index].waits_for_parameters = true;
  records_[group.index].has_pattern = true;
  ++waiting_;
  return group;
}

Group Groups::fitting(std::string_view name) const {
  for (std::uint32_t i = 0; i < records_.size(); ++i) {
    if (records_[i].has_pattern && fits_pattern(records_[i].name, name)) return {i};
  }
  return {};
}

void Groups::fit(Group group) {
  GroupRecord& its = record(group);
  waiting_ -= its.waits_for_parameters ? 1 : 0;
  its.waits_for_parameters = false;
}

void Groups::fit_all(std::string_view name) {
  for (std::uint32_t i = 0; i < records_.size() && waiting_ > 0; ++i) {
    if (records_[i].waits_for_parameters && fits_pattern(records_[i].name, name)) fit({i});
  }
}

void Groups::check_patterns(const std::vector<std::string>& names) const {
  for (const GroupRecord& group : records_) {
    if (!group.waits_for_parameters) continue;
    throw Error("step: group[" + printable(group.name) + "]: the pattern fits none of the parameters" +
                suggest(group.name, names));
  }
}

}  // namespace thalweg::inline v0_1
