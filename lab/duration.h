// Durations for people.
#pragma once

#include <string>

namespace thalweg::lab {

/// Of what was measured: `0.42 s`, `42.1 s`, `3 min 12 s`, `2 h 05 min`, with unbreakable spaces; `nan s`, `∞ s`.
std::string duration(double seconds);
/// Of what is expected, without fractions: `41 s`, `3 min 20 s`; `?` of what is no number or less than 0.
std::string whole_duration(double seconds);

}  // namespace thalweg::lab
