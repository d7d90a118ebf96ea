// Folders with a data set in IDX files: MNIST and what is named as it, EMNIST, QMNIST.
#pragma once

#include "data/input_file.h"
#include "data/labelled_images.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Both parts of a data set.
struct IdxFolder {
  std::filesystem::path folder;
  std::string prefix;  ///< of the files' names: `emnist-letters`, `qmnist`; empty for MNIST's own names
  std::int64_t height = 0, width = 0, classes = 0;
  std::vector<std::string> class_names;  ///< EMNIST's; others have none
  LabelledImages train, test;            ///< of one channel
};

/// Reads the four files of a data set, all plain or gzip, as their first bytes say. They are named
///
/// - as MNIST's, `{train,t10k}-{images-idx3,labels-idx1}-ubyte`, also with `.idx` in place of `-idx`; or else
/// - as EMNIST's, `emnist-SPLIT-{train,test}-{images-idx3,labels-idx1}-ubyte`: images are stored with rows and columns
///   exchanged and are turned back; the labels of the split `letters`, 1 … 26, become 0 … 25; or
/// - as QMNIST's, `qmnist-{train,test}-images-idx3-ubyte` and `qmnist-{train,test}-labels-idx2-int`: of the eight
///   columns of labels the first is the class,
///
/// each also with `.gz` behind it. Of several files by the same name the first that can be read is taken; so are files
/// in folders that are named as the files (Kaggle's copies). A path whose last part is no folder but `emnist-SPLIT` or
/// `qmnist` names one of several sets in the folder before it: `FOLDER/emnist-letters`.
///
/// `classes`: how many there are; 0: as EMNIST's split and its file `emnist-SPLIT-mapping.txt` say, else as the labels
/// show (at least those of the training part; up to 62). Files of at least `map_from` bytes are mapped, where they are
/// used as they are. Throws Error: missing files, several sets of which none is
/// named, labels that are no class, with file and offset, numbers of images and labels or sizes of images that differ,
/// and whatever read_idx refuses.
IdxFolder read_idx_folder(const std::filesystem::path& path, std::int64_t classes = 0,
                          std::uint64_t map_from = kMapFrom);

/// Can `path` be given to read_idx_folder: is it a folder, or the name of a set in one?
bool is_idx_folder(const std::filesystem::path& path);

}  // namespace thalweg::lab
