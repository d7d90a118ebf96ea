// gru: recurrent layers of gated recurrent units.
#include "models/entries.h"
#include "models/recurrent_model.h"

namespace thalweg::lab {

ModelEntry gru_model() {
  return recurrent_entry("gru", "gated recurrent units, on the same as lstm",
                         [](const ModelShape& shape, const ModelOptions& options, std::uint64_t seed) {
                           return make_recurrent_model(Cell::gru, shape, options, seed);
                         });
}

}  // namespace thalweg::lab
