#!/usr/bin/env python3
"""Runs and studies as a pandas table: runs_to_pandas.py FOLDER…

A row for each trial, epoch, part of the data and metric; prints the mean of the test part's by optimizer. Every folder that
`thalweg train`, `compare` or `tune` wrote with --out has a study.sqlite, which any SQLite reads.
"""

import sqlite3
import sys

import pandas

QUERY = """SELECT trials.id, optimizer, trials.lr, role, status, epoch, part, metric, value
           FROM scores JOIN trials ON trials.id = scores.trial"""

scores = pandas.concat([pandas.read_sql(QUERY, sqlite3.connect(f"file:{folder}/study.sqlite?mode=ro", uri=True))
                        .assign(folder=folder) for folder in sys.argv[1:]])
print(scores[scores.part == "test"].pivot_table("value", ["folder", "optimizer", "lr", "role"], "metric"))
