// Names of trial roles and states.
#include "store/study_data.h"

#include <fmt/core.h>

#include <initializer_list>
#include <stdexcept>

namespace thalweg::lab {
namespace {

template <class Enumeration>
Enumeration from_text(const std::string& text, std::initializer_list<Enumeration> all, const char* what) {
  for (const Enumeration value : all) {
    if (to_string(value) == text) return value;
  }
  throw std::out_of_range(fmt::format("unknown {} '{}'", what, text));
}

}  // namespace

std::string to_string(TrialRole role) { return role == TrialRole::tune ? "tune" : "final"; }

std::string to_string(TrialStatus status) {
  switch (status) {
    case TrialStatus::pending:
      return "pending";
    case TrialStatus::running:
      return "running";
    case TrialStatus::paused:
      return "paused";
    case TrialStatus::finished:
      return "finished";
    case TrialStatus::failed:
      return "failed";
  }
  return "unknown";
}

TrialRole role_of(const std::string& name) {
  return from_text(name, {TrialRole::tune, TrialRole::final}, "trial role");
}

TrialStatus status_of(const std::string& name) {
  using enum TrialStatus;
  return from_text(name, {pending, running, paused, finished, failed}, "trial status");
}

}  // namespace thalweg::lab
