// The claims, one function each; claims.cc lists them.
#pragma once

#include "claims/claims.h"

namespace thalweg::lab {

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
