// Rprop's options from the sizes of successive steps and from where the gradient turned between them.
#include "identify/rprop_starts.h"

#include <algorithm>
#include <cmath>

namespace thalweg::lab::identify {
namespace {

int sign(double x) { return (x > 0) - (x < 0); }

void keep_least(std::optional<double>& kept, double value) { kept = kept ? std::min(*kept, value) : value; }
void keep_most(std::optional<double>& kept, double value) { kept = kept ? std::max(*kept, value) : value; }

/// One element's way through the run.
void follow(const View& view, bool maximize, std::size_t element, RpropSigns& signs) {
  double last = 0;            // size of the last step that was seen
  int grown = 0, shrunk = 0;  // factors since then
  int previous = 0;           // sign of the gradient before; 0 after a turn
  for (std::size_t t = 0; t < view.gradients.size(); ++t) {
    if (view.gradients[t].empty()) continue;
    const int now = sign(view.gradients[t][element]) * (maximize ? -1 : 1);
    const int turn = now * previous;
    grown += turn > 0;
    shrunk += turn < 0;
    previous = turn < 0 ? 0 : now;
    const double size = std::abs(view.changes[t * view.elements + element]);
    if (previous == 0 || size == 0) continue;
    if (last == 0 && !signs.lr) signs.lr = size;
    keep_least(signs.step_min, size);
    keep_most(signs.step_max, size);
    // Bounds make a growth look smaller, and a shrinking too.
    if (last > 0 && grown == 1 && shrunk == 0) keep_most(signs.eta_plus, size / last);
    if (last > 0 && grown == 0 && shrunk == 1) keep_least(signs.eta_minus, size / last);
    last = size;
    grown = shrunk = 0;
  }
}

}  // namespace

RpropSigns read_off_rprop(const View& view, bool maximize) {
  RpropSigns signs;
  if (view.marks.size() != view.gradients.size()) return signs;
  for (std::size_t element = 0; element < view.elements; ++element) follow(view, maximize, element, signs);
  return signs;
}

}  // namespace thalweg::lab::identify
