// Options: a rule together with the values of its hyper-parameters, checked.
#pragma once

#include <thalweg/api.h>
#include <thalweg/error.h>
#include <thalweg/rule.h>

#include <string>
#include <string_view>
#include <vector>

namespace thalweg::inline v0_1 {

/// A rule and its hyper-parameters. Made from a rule's own struct (`Options o = RMSprop{.lr = 1e-3}`) or by name.
/// Every value is inside its range at all times: what would not be, throws Error and changes nothing.
class THALWEG_API Options {
 public:
  /// From a rule's struct. Throws Error if a value is outside its range.
  template <class R>
  requires requires { typename R::Coefficients; }
  Options(const R& hyper_parameters) : Options(thalweg::rule(R::name)) {  // NOLINT: implicit on purpose
    std::size_t index = 0;
    R::describe([&](std::string_view, auto member, auto&&...) {
      set_at(index++, static_cast<double>(hyper_parameters.*member));
    });
  }

  /// The rule's defaults.
  explicit Options(const RuleInfo& rule);

  /// The defaults of the rule of this name. Throws Error that suggests the nearest names.
  static Options of(std::string_view rule_name) { return Options(thalweg::rule(rule_name)); }

  const RuleInfo& rule() const { return *rule_; }

  bool has(std::string_view option) const { return rule_->find_option(option) >= 0; }

  /// The option's value; 0 or 1 for a boolean. Throws Error for an unknown name, with the nearest ones.
  double get(std::string_view option) const;

  /// Throws Error for an unknown name, with the nearest ones, and for a value outside the range.
  void set(std::string_view option, double value);

  /// From text: a number; for a boolean also `true` and `false`. Throws Error as the other `set`.
  void set(std::string_view option, std::string_view text);

  /// Values in the order of `rule().options`.
  const std::vector<double>& values() const { return values_; }

  /// The rule's own struct again. `R` must be the struct of this rule.
  template <class R>
  R as() const {
    R result;
    std::size_t index = 0;
    R::describe([&](std::string_view, auto member, auto&&...) {
      using Member = std::remove_reference_t<decltype(result.*member)>;
      result.*member = static_cast<Member>(values_[index++]);
    });
    return result;
  }

  /// `rmsprop:lr=0.001,alpha=0.9`: the rule and the options that differ from its defaults; what `parse_options` reads.
  std::string text() const;

  bool operator==(const Options&) const = default;

 private:
  void set_at(std::size_t index, double value);

  const RuleInfo* rule_;
  std::vector<double> values_;
};

/// Reads `rmsprop` or `rmsprop:lr=1e-3,centered=true`. Throws Error that says what is wrong and suggests names.
THALWEG_API Options parse_options(std::string_view text);

}  // namespace thalweg::inline v0_1
