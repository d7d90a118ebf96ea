// The models' own entries, one a file; models() lists them.
#pragma once

#include "models/model_list.h"

namespace thalweg::lab {

ModelEntry softmax_model();
ModelEntry linear_model();
ModelEntry mlp_model();
ModelEntry cnn_model();
ModelEntry lstm_model();
ModelEntry gru_model();
ModelEntry tabular_model();
ModelEntry factorization_model();
ModelEntry keywords_model();

}  // namespace thalweg::lab
