// Compiles a rule's mathematics for every instruction set and for the reference. Included once in a source, which says
// before which rule by THALWEG_RULE_STRUCT (its struct) and THALWEG_RULE_FILE (the file with `update`).
#include <thalweg/kernels/columns.h>
#include <thalweg/kernels/engine_rule.h>
#include <thalweg/kernels/kernels.h>
#include <thalweg/kernels/real.h>
#include <thalweg/kernels/targets.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "thalweg/kernels/cpu-inl.h"
#include <hwy/foreach_target.h>

#include <thalweg/kernels/cpu-inl.h>
#include <thalweg/kernels/reference-inl.h>
