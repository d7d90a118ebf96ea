// describe_group: what a group has of its own, out of its options.
#pragma once

#include <thalweg/description.h>

#include <string>

namespace thalweg {

/// The group of these options beside the first group's. `options` has the rate in force, which is multiplied by
/// `lr_scale` already.
GroupDescription describe_group(const std::string& pattern, const Options& options, double lr_scale,
                                const Options& first);

}  // namespace thalweg
