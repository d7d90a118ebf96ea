// thalweg: the whole engine in one include.
#pragma once

#include <thalweg/description.h>  // IWYU pragma: export
#include <thalweg/dialects.h>     // IWYU pragma: export
#include <thalweg/error.h>        // IWYU pragma: export
#include <thalweg/optimizer.h>    // IWYU pragma: export
#include <thalweg/options.h>      // IWYU pragma: export
#include <thalweg/rules.h>        // IWYU pragma: export
#include <thalweg/schedule.h>     // IWYU pragma: export
#include <thalweg/version.h>      // IWYU pragma: export
