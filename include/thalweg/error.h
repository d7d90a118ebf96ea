// The one exception type that thalweg throws.
#pragma once

#include <stdexcept>
#include <string>

namespace thalweg {

/// What the engine throws for every misuse and every failure. The message names the thing, the value and what is
/// allowed, for example `rmsprop: alpha = 1.2 is outside [0, 1)`. The engine never prints, exits or aborts.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A gradient holds an infinity or a NaN. Thrown by `Optimizer::step` when `Settings::check_finite` is set, before
/// anything has been changed.
class NonFiniteError : public Error {
 public:
  NonFiniteError(const std::string& message, std::string parameter)
      : Error(message), parameter_(std::move(parameter)) {}

  /// Name of the parameter whose gradient is not finite.
  const std::string& parameter() const noexcept { return parameter_; }

 private:
  std::string parameter_;
};

}  // namespace thalweg
