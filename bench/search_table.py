"""Table of bench/search: search_table.py OURS PEER, two files of JSON lines with a function, a seed and a regret each."""
import json
import math
import sys


def means(path):
    regrets = {}
    with open(path) as lines:
        for line in map(json.loads, lines):
            regrets.setdefault(line["function"], {})[line["seed"]] = line["regret"]
    return {name: (sum(r.values()) / len(r), sorted(r)) for name, r in regrets.items()}


ours, peer = means(sys.argv[1]), means(sys.argv[2])
if {n: seeds for n, (_, seeds) in ours.items()} != {n: seeds for n, (_, seeds) in peer.items()}:
    sys.exit("error: the two files have other functions or seeds")
print(f"{'function':18} {'thalweg':>10} {'optuna':>10} {'ratio':>6}")
for name in ours:
    print(f"{name:18} {ours[name][0]:10.4g} {peer[name][0]:10.4g} {ours[name][0] / peer[name][0]:6.3f}")
logs = [math.log(ours[name][0] / peer[name][0]) for name in ours]
print(f"geometric mean of the ratios: {math.exp(sum(logs) / len(logs)):.3f}")
