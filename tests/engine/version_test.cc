// The version is part of every name, so that two versions of thalweg may be in one program.
#include <thalweg/thalweg.h>

#include <gtest/gtest.h>

#include <type_traits>

namespace thalweg::tests {
namespace {

// THALWEG_NAMESPACE is made of the project's version.
TEST(Version, IsInTheNamespace) { EXPECT_TRUE((std::is_same_v<thalweg::THALWEG_NAMESPACE::Optimizer, Optimizer>)); }

}  // namespace
}  // namespace thalweg::tests
