// What must be set up before LibTorch's libraries compute anything: kernels, waiting, memory.
#pragma once

#include <string>

namespace thalweg::lab {

/// To be called first in main. None of this is needed for right results; all of it for speed:
/// - OpenBLAS up to 0.3.21 (Debian 12's) does not know newer x86 processors and falls back to kernels of 2004, three
///   times slower. OPENBLAS_CORETYPE names the right ones, but is read while the library loads: so the program starts
///   itself once more with it set.
/// - libgomp's threads spin at barriers by default. When other programs use the cores, a step of 1 ms then takes 24 ms;
///   waiting passively costs little where nobody else does. OMP_WAIT_POLICY is read while the library loads, too.
/// - malloc gives large blocks back to the system at once, and every step would fault its activations' pages in again.
/// What the environment already sets is left as it is.
void prepare_math_library(char** argv);

/// Sets the variables alone, for the processes that this one starts: they need not start themselves once more.
void prepare_child_processes();

/// All cores, or as many as OMP_THREAD_LIMIT allows.
int all_threads();

/// Can this process train with so many threads? To be asked before LibTorch or OpenBLAS compute anything: where a
/// thread does not start, or memory cannot be had, they wait for ever and say nothing. Throws thalweg::Error that names
/// the limit. Looks once in a process.
void check_math_library(int threads);

/// The library that multiplies matrices, with the kernels that a training in this environment uses: bits depend on
/// them. `OpenBLAS 0.3.21 (Haswell)`; empty if it cannot be known.
std::string blas_name();

}  // namespace thalweg::lab
