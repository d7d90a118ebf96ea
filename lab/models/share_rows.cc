// Rows of a batch, shared out among OpenMP's threads.
#include "models/share_rows.h"

#include <algorithm>

namespace thalweg::lab {

void share_rows(std::int64_t count, std::int64_t threads, const std::function<void(std::int64_t, std::int64_t)>& work) {
  const int shares = static_cast<int>(std::min(count, threads));
  if (shares <= 1) {
    work(0, count);
    return;
  }
#pragma omp parallel for num_threads(shares) schedule(static, 1)
  for (int share = 0; share < shares; ++share) work(count * share / shares, count * (share + 1) / shares);
}

}  // namespace thalweg::lab
