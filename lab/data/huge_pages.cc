// use_huge_pages: memory that is about to be filled comes in large pages, which saves most of the time of getting it.
#include "data/huge_pages.h"

#include <sys/mman.h>

#include <memory>

namespace thalweg::lab {

void use_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t size) {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kPage = std::size_t{1} << 21;
  void* first = memory;
  std::size_t room = size;
  if (std::align(kPage, kPage, first, room) != nullptr) (void)::madvise(first, room / kPage * kPage, MADV_HUGEPAGE);
#endif
}

}  // namespace thalweg::lab
