// The formats' own entries, one a file; formats() lists them.
#pragma once

#include "data/dataset.h"

namespace thalweg::lab {

Format fashion_mnist_format();
Format idx_format();
Format cifar10_format();
Format cifar100_format();
Format images_format();
Format npy_format();
Format csv_format();
Format libsvm_format();
Format german_credit_format();
Format text_format();
Format wav_format();
Format make_format();
Format ratings_format();

}  // namespace thalweg::lab
