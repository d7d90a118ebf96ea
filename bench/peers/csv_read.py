"""Writes a CSV file, and times how pandas reads it.

csv_read.py --write FILE ROWS: 20 columns of numbers with 7 digits and 10 of categories.
csv_read.py FILE: reads the file once in a process of its own and prints pandas' version and the seconds.
"""

import sys
import time

import numpy as np
import pandas as pd

CATEGORIES = {
    "red": 3, "town_": 100, "grade": 5, "Type-": 12, "area ": 7,
    "k": 50, "code": 1000, "shop": 20, "unit": 2, "way": 9,
}  # a word and how many of it


def write(file, rows):
    rng = np.random.default_rng(1)
    scales = 10.0 ** np.arange(-2, 3).repeat(4)
    with open(file, "w", encoding="utf-8") as out:
        out.write(",".join([f"x{i}" for i in range(20)] + [f"k{i}" for i in range(10)]) + "\n")
        for start in range(0, rows, 10000):
            count = min(10000, rows - start)
            numbers = (rng.standard_normal((count, 20)) * scales).tolist()
            words = [[f"{word}{i}" for i in rng.integers(0, size, count)] for word, size in CATEGORIES.items()]
            for row, values in enumerate(numbers):
                out.write(",".join(["%.7g" % value for value in values] + [column[row] for column in words]) + "\n")


def main():
    if sys.argv[1] == "--write":
        write(sys.argv[2], int(sys.argv[3]))
        return
    start = time.perf_counter()
    frame = pd.read_csv(sys.argv[1], engine="c")
    print(pd.__version__, time.perf_counter() - start)
    assert frame.shape[1] == 30


main()
