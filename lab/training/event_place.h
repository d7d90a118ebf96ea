// EventPlace: where the event file of an interrupted run goes on.
#pragma once

#include <cstdint>
#include <string>

namespace thalweg::lab {

struct EventPlace {
  std::string file;         ///< its absolute path; need not be there any more
  std::uint64_t bytes = 0;  ///< of it that belong to the run so far
};

}  // namespace thalweg::lab
