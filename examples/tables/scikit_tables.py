#!/usr/bin/env python3
"""Turns the tables that scikit-learn's wheel holds into CSV files: breast_cancer.csv, wine.csv, diabetes.csv.

    pip download scikit-learn --no-deps
    python3 scikit_tables.py scikit_learn-*.whl FOLDER
"""
import csv
import gzip
import io
import pathlib
import sys
import zipfile

DATA = "sklearn/datasets/data/"
DIABETES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]


def write(folder, name, header, rows):
    with open(folder / name, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def classes(archive, source):
    """A first line of counts and the classes' names, then rows with the class's number last."""
    rows = list(csv.reader(io.TextIOWrapper(archive.open(DATA + source), encoding="utf-8")))
    names = rows[0][2:]
    features = [f"x{i + 1}" for i in range(int(rows[0][1]))]
    return [*features, "class"], [[*row[:-1], names[int(row[-1])]] for row in rows[1:]]


def diabetes(archive):
    """Two compressed files of numbers between spaces."""
    def numbers(source):
        return [line.split() for line in gzip.decompress(archive.read(DATA + source)).decode().splitlines()]
    inputs, targets = numbers("diabetes_data_raw.csv.gz"), numbers("diabetes_target.csv.gz")
    return [*DIABETES, "progression"], [[*map(float, x), float(y[0])] for x, y in zip(inputs, targets, strict=True)]


def main():
    wheel, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        write(folder, "breast_cancer.csv", *classes(archive, "breast_cancer.csv"))
        write(folder, "wine.csv", *classes(archive, "wine_data.csv"))
        write(folder, "diabetes.csv", *diabetes(archive))


main()
