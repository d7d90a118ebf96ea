// Names of trial roles and states.
#include "store/study_data.h"

namespace thalweg::lab {

std::string to_string(TrialRole role) { return role == TrialRole::tune ? "tune" : "final"; }

std::string to_string(TrialStatus status) {
  switch (status) {
    case TrialStatus::pending:
      return "pending";
    case TrialStatus::running:
      return "running";
    case TrialStatus::finished:
      return "finished";
    case TrialStatus::failed:
      return "failed";
  }
  return "unknown";
}

}  // namespace thalweg::lab
