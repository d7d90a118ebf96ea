// Every public header of the engine, in a program without exceptions and run-time type information.
#include <thalweg/c.h>
#include <thalweg/dialects.h>
#include <thalweg/files.h>
#include <thalweg/kernels/engine_rule.h>
#include <thalweg/random.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>
#include <thalweg/thalweg.h>
