// What must be set up before LibTorch's libraries compute anything: kernels, waiting, memory.
#pragma once

namespace thalweg::lab {

/// To be called first in main. None of this is needed for right results; all of it for speed:
/// - OpenBLAS up to 0.3.21 (Debian 12's) does not know newer x86 processors and falls back to kernels of 2004, three
///   times slower. OPENBLAS_CORETYPE names the right ones, but is read while the library loads: so the program starts
///   itself once more with it set.
/// - libgomp's threads spin at barriers by default. When other programs use the cores, a step of 1 ms then takes 24 ms;
///   waiting passively costs little where nobody else does. OMP_WAIT_POLICY is read while the library loads, too.
/// - malloc gives large blocks back to the system at once, and every step would fault its activations' pages in again.
/// What the environment already sets is left as it is. Child processes inherit it.
void prepare_math_library(char** argv);

}  // namespace thalweg::lab
