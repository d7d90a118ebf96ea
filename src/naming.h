// naming: errors that name what they are about.
#pragma once

#include <thalweg/error.h>

#include <string>

namespace thalweg::inline v0_1 {

/// What the function gives; the message of an Error that it throws begins with `prefix`.
template <class Function>
auto naming(const std::string& prefix, const Function& function) {
  try {
    return function();
  } catch (const Error& error) {
    throw Error(prefix + error.what());
  }
}

}  // namespace thalweg::inline v0_1
