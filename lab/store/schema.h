// The tables of a study.
#pragma once

#include "store/database.h"

namespace thalweg::lab {

/// Makes them in an empty database.
void create_tables(const Database& database);

/// Throws thalweg::Error if the database is no study, is one of a newer thalweg, or is damaged as a database.
void check_is_study(const Database& database);

}  // namespace thalweg::lab
