// Tables as data sets: which column is predicted, what the others become.
#pragma once

#include "data/dataset.h"
#include "data/table.h"

namespace thalweg::lab {

/// A data set of the table's rows. Numeric columns become one input of numbers, with a column more, 1 where it is
/// missing, for each that has gaps; categories become one input of codes, in which a missing value is a code like
/// others. Columns of which nothing is there are left out.
///
/// options.target: the column that is predicted. A category is a class; a number is a number. With `positive`, of a
/// column's values: this class against all others.
/// options.window > 0: the rows follow each other in time, and an example is so many of them, all numeric columns with
/// the target's among them, and the target `horizon` steps behind; columns of categories are left out. No window holds
/// rows of both tables. Without needs_target, windows whose target is behind the table's end are examples too.
/// options.schema: columns, codes and classes are those of the data set that has it.
/// `test`: rows of the test part, with the same columns; nullptr: it is drawn.
///
/// Throws thalweg::Error for a target that is no column, or that is missing in a row (with its line), for one class or
/// more than kMostClasses, for a test row of a class that training lacks, for fewer rows than a window takes, for
/// numbers beyond ±kLargestValue, for a horizon without a window.
Dataset table_dataset(const DataTable& table, const DataOptions& options, const DataTable* test = nullptr);

}  // namespace thalweg::lab
