// THALWEG_API: what a shared library shows of itself. Everything else, and all of a static one, is hidden.
#ifndef THALWEG_API_H
#define THALWEG_API_H

#ifdef THALWEG_EXPORTS  // where a shared library of thalweg's is compiled; who uses one need not say so
#define THALWEG_API __attribute__((visibility("default")))
#else
#define THALWEG_API
#endif

#endif
