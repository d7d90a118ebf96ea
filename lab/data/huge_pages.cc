// use_huge_pages: memory that is about to be filled comes in large pages, which saves most of the time of getting it.
#include "data/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace thalweg::lab {

void use_huge_pages([[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t size) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t kPage = std::uintptr_t{1} << 21;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage;
  const std::uintptr_t last = (begin + size) / kPage * kPage;
  if (last > first) (void)::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

}  // namespace thalweg::lab
