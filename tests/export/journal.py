#!/usr/bin/env python3
"""A search's journal opens in Optuna, with the same trials: journal.py THALWEG

Searches with every sampler (conditions, whole numbers, choices of texts and of numbers, a program that fails and one
whose metric is not finite), exports each search and compares what Optuna loads with what `thalweg tune --json` said.
Needs optuna (scripts/python_with.sh).
"""

import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

STATES = {"complete": {TrialState.COMPLETE}, "pruned": {TrialState.PRUNED}, "diverged": {TrialState.FAIL},
          "failed": {TrialState.FAIL}}
SPIRALS = ["--model", "mlp", "--data", "make:spirals,rows=120"]
RULES = [*SPIRALS, "--epochs", "2", "--range", "optimizer=choice:sgd|rmsprop|adam", "--range", "lr=log:1e-4:1",
         "--range", "momentum=0:0.99:if:optimizer=sgd", "--range", "batch=int:log:8:64", "--range",
         "dense=choice:4|8|16"]
PROGRAM = """#!/bin/sh
case $2 in 3) echo gone >&2; exit 3;; 5) echo '{"score": NaN}';; *) echo "{\\"epoch\\": 1, \\"score\\": $1}";
echo "{\\"epoch\\": 2, \\"score\\": $1$2}";; esac
"""
failures = 0


def check(what, ours, theirs):
    global failures
    same = ours == theirs or (isinstance(ours, float) and math.isclose(ours, theirs, rel_tol=1e-12))
    if not same:
        failures += 1
        print(f"{what}: thalweg {ours!r}, Optuna {theirs!r}")


def search(thalweg, name, *words):
    flags, separator, command = words, (), ()
    if "--" in words:
        at = words.index("--")
        flags, separator, command = words[:at], ("--",), words[at + 1:]
    said = json.loads(subprocess.run(
        [thalweg, "tune", *flags, "--trials", "12", "--out", name, "--json", *separator, *command],
        check=True, capture_output=True, text=True).stdout)
    subprocess.run([thalweg, "export", name, "-o", f"{name}.log"], check=True, capture_output=True)
    study = optuna.load_study(study_name=name, storage=JournalStorage(JournalFileBackend(f"{name}.log")))
    check(f"{name}: direction", "MAXIMIZE" if said["better"] == "higher" else "MINIMIZE", study.direction.name)
    check(f"{name}: trials", len(said["trials"]), len(study.trials))
    for ours, theirs in zip(said["trials"], study.trials):
        what = f"{name}: trial {ours['number']}"
        check(f"{what}: number", ours["number"], theirs.number)
        check(f"{what}: state {ours['state']}", True, theirs.state in STATES[ours["state"]])
        check(f"{what}: parameters", sorted(ours["parameters"]), sorted(theirs.params))
        for key, value in ours["parameters"].items():
            check(f"{what}: {key}", value, theirs.params.get(key))
        if ours["state"] == "complete":
            check(f"{what}: value", ours["value"], theirs.value)
            several = "--seeds" in words  # whose curves are no curve
            check(f"{what}: values after epochs", not several, len(theirs.intermediate_values) > 0)
    check(f"{name}: best", said["best"]["value"], study.best_value)
    check(f"{name}: best trial", said["best"]["number"], study.best_trial.number)
    states = {trial["state"] for trial in said["trials"]}
    print(f"{name}: {len(said['trials'])} trials ({', '.join(sorted(states))})")


def main():
    thalweg = str(pathlib.Path(sys.argv[1]).resolve())
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for sampler in ("random", "sobol", "tpe"):
            search(thalweg, sampler, *RULES, "--sampler", sampler)
        search(thalweg, "grid", *SPIRALS, "--epochs", "2", "--sampler", "grid", "--range", "batch=int:8:32", "--range",
               "activation=choice:relu|tanh")
        search(thalweg, "hyperband", *SPIRALS, "--epochs", "9", "--sampler", "hyperband", "--range", "lr=log:1e-4:1")
        search(thalweg, "seeds", *SPIRALS, "--epochs", "2", "--seeds", "4", "--range", "lr=log:1e-6:1")
        program = pathlib.Path("program.sh")
        program.write_text(PROGRAM)
        program.chmod(0o755)
        search(thalweg, "program", "--range", "x=int:1:9", "--range", "kind=choice:3|5|7", "--metric", "score",
               "--maximize", "--", "./program.sh", "{x}", "{kind}")
    return f"{failures} differences" if failures else 0


sys.exit(main())
