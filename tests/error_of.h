// error_of: the message of the error that a call must throw.
#pragma once

#include <thalweg/error.h>

#include <gtest/gtest.h>

#include <string>

namespace thalweg::tests {

/// The message of the Error that `call` throws; a test failure if it throws none.
template <class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace thalweg::tests
