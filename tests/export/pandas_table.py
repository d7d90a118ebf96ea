#!/usr/bin/env python3
"""The table of examples/python/runs_to_pandas.py has what `thalweg compare --json` says: pandas_table.py THALWEG

Needs pandas (scripts/python_with.sh).
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples/python/runs_to_pandas.py"


def main():
    with tempfile.TemporaryDirectory() as folder:
        said = json.loads(subprocess.run(
            [sys.argv[1], "compare", "rmsprop", "sgd", "--model", "mlp", "--data", "make:spirals,rows=300", "--epochs",
             "2", "--tune-epochs", "1", "--seeds", "2", "--json", "--out", f"{folder}/study"], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
        table = subprocess.run([sys.executable, EXAMPLE, f"{folder}/study"], check=True, stdout=subprocess.PIPE,
                               text=True).stdout
    means = {row["name"]: sum(row["test"].values()) / len(row["test"]) for row in said["optimizers"]}
    shown = {}
    for line in table.splitlines():
        words = line.split()
        for name in means:
            if name in words:
                shown[name] = float(words[-3])  # accuracy, auc and loss stand in alphabetical order
    same = shown.keys() == means.keys() and all(math.isclose(shown[name], means[name], rel_tol=1e-5) for name in means)
    print("pandas has the same means" if same else f"pandas: {shown}\nthalweg: {means}\n{table}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
