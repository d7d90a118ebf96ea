// What suites are made of: the tutorials' comparison, and the claims, one function each; suite.cc lists them.
#pragma once

#include "suites/claim.h"
#include "suites/suite.h"

namespace thalweg::lab {

/// What tutorials compare RMSprop with, as they do it: each rule as it is, on four models, ten times; with rates that
/// are tuned alike, where they take one for all. About an hour on two cores, at most.
Suite tutorial_suite(bool quick);

/// Adaptive rates solve vanishing and exploding gradients.
Claim gradients_claim(bool quick);
/// RMSprop converges globally on convex functions.
Claim convex_claim();
/// Larger learning rates and larger decays converge faster.
Claim rates_claim(bool quick);
/// RMSprop needs no tuning.
Claim tuning_claim(bool quick);
/// RMSprop is unstable on small samples.
Claim samples_claim(bool quick);

}  // namespace thalweg::lab
