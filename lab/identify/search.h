// Search: fits a group of variants to a part of a recording from several starts.
#pragma once

#include "identify/fit.h"
#include "identify/variants.h"
#include "identify/view.h"

#include <optional>
#include <vector>

namespace thalweg::lab::identify {

/// What is to be fitted of this variant: its free options, but η where it follows from the others.
Problem problem_of(const View& view, const Variant& variant, const Options& options);

/// These options of the variant's rule, with what is known about their values.
std::vector<Unknown> unknowns_of(const View& view, const Variant& variant, const std::vector<std::size_t>& options);

/// The best fit over this view from informed starts and from `warm`, options that fitted a variant with less on.
std::optional<Fit> search(const View& view, const Variant& variant, const std::vector<Options>& warm,
                          const Effort& effort);

}  // namespace thalweg::lab::identify
