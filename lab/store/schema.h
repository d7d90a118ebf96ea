// The tables of a study.
#pragma once

#include "store/database.h"

namespace thalweg::lab {

/// Makes them in an empty database.
void create_tables(const Database& database);

/// Throws thalweg::Error if the database is no study, is one of a newer thalweg, or is damaged as a database.
void check_is_study(const Database& database);

/// Gives a study of an earlier schema the tables of today, in one transaction. What was damaged stays known as damaged.
void bring_up_to_date(const Database& database);

}  // namespace thalweg::lab
