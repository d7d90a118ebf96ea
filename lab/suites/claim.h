// Claim: what tutorials say of RMSprop, with the experiment that tests it and a sentence on what it showed.
#pragma once

#include "store/study_data.h"
#include "suites/suite_part.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// Does a claim hold, as far as its experiment goes?
enum class Holds {
  yes,
  no,
  partly,       ///< a part of what it says does, another does not
  cannot_tell,  ///< the experiment excludes neither, or was not run to its end
};

/// `holds`, `does not hold`, `holds in part`, `cannot tell`.
std::string to_string(Holds holds);

/// One number that a judgement stands on, in words.
struct ClaimRow {
  std::string label, value;
};

struct Judgement {
  Holds holds = Holds::cannot_tell;
  std::string sentence;        ///< what was seen, plainly
  std::string detail{};        ///< more of it, with numbers
  std::vector<ClaimRow> rows;  ///< for a table below it
};

/// The studies of a suite by their part's name. A part that was not run is absent.
using PartStudies = std::map<std::string, const StudyData*, std::less<>>;

struct Claim {
  std::string name;              ///< lower case letters, digits, hyphens
  std::string text;              ///< what is claimed, for people
  std::string experiment;        ///< how it is tested: a sentence or two
  std::vector<SuitePart> parts;  ///< none of an experiment that needs no training
  /// Looks at the studies of `parts`, and runs what needs no training (less than a second or two; the same bits on
  /// every run). Trials may be missing, failed or diverged.
  Judgement (*judge)(const PartStudies& studies);
};

}  // namespace thalweg::lab
