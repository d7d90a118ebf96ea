// use_huge_pages: memory that is about to be filled comes in large pages, which saves most of the time of getting it.
#pragma once

#include <cstddef>

namespace thalweg::lab {

/// Asks the system for large pages in `size` bytes at `memory`, if these are many. A hint: nothing but time depends on
/// it.
void use_huge_pages(void* memory, std::size_t size);

}  // namespace thalweg::lab
