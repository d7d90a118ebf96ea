// lstm: recurrent layers of long short-term memory.
#include "models/entries.h"
#include "models/recurrent_model.h"

namespace thalweg::lab {

ModelEntry lstm_model() {
  return recurrent_entry("lstm",
                         "long short-term memory: rows of an image, steps of a series or characters, one by one",
                         [](const ModelShape& shape, const ModelOptions& options, std::uint64_t seed) {
                           return make_recurrent_model(Cell::lstm, shape, options, seed);
                         });
}

}  // namespace thalweg::lab
