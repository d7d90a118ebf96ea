"""The functions of search_functions.cc under Optuna's TPE sampler.

search_peer.py check              reads bench_search's points, and fails if a value differs
search_peer.py run KIND FIRST COUNT FUNCTION...   each seed's regret after 100 trials, as bench_search prints it
KIND: `default`; `independent` (one density a parameter, which was the default before Optuna 5); `group` (tree).
"""
import json
import math
import sys
import warnings

PI = math.pi
TRIALS, LAG = 100, 8  # trial n is asked when trials up to n - 8 have been told


def coordinates(p):
    return [p[f"x{i}"] for i in range(len(p))]


def branin(p):
    x, y = p["x0"], p["x1"]
    return (y - 5.1 / (4 * PI**2) * x * x + 5 / PI * x - 6) ** 2 + 10 * (1 - 1 / (8 * PI)) * math.cos(x) + 10


def hartmann6(p):
    alpha = [1, 1.2, 3, 3.2]
    a = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
    c = [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
    x = coordinates(p)
    return -sum(
        alpha[i] * math.exp(-sum(a[i][j] * (x[j] - c[i][j] * 1e-4) ** 2 for j in range(6))) for i in range(4)
    )


def rosenbrock(p):
    x = coordinates(p)
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


def rastrigin(p):
    return sum(x * x - 10 * math.cos(2 * PI * x) + 10 for x in coordinates(p))


def network(p):
    lr, batch, width = math.log10(p["lr"]), math.log2(p["batch"]), math.log2(p["width"])
    penalty = {"gelu": 0, "relu": 0.05, "tanh": 0.2, "sigmoid": 0.5}[p["activation"]]
    return (
        (lr + 4 - batch / 6) ** 2
        + 0.05 * (width - 7) ** 2
        + 0.1 * abs(p["depth"] - 3)
        + 2 * (p["dropout"] - 0.2) ** 2
        + penalty
    )


def rules(p):
    lr, shared = math.log10(p["lr"]), 0.1 * (math.log10(p["decay"]) + 4) ** 2
    if p["rule"] == "sgd":
        momentum = p["momentum"]
        nesterov = 0 if p["nesterov"] == "yes" else 0.05
        return shared + (lr + 1 + 2 * momentum) ** 2 + 2 * (momentum - 0.9) ** 2 + nesterov
    if p["rule"] == "adam":
        return shared + 0.1 + (lr + 3) ** 2 + 2 * (math.log10(1 - p["beta2"]) + 2.5) ** 2 / 4
    return shared + 0.3 + (lr + 3.5) ** 2 + (p["alpha"] - 0.95) ** 2


def ackley(p):
    x = coordinates(p)
    squares, cosines = sum(v * v for v in x) / len(x), sum(math.cos(2 * PI * v) for v in x) / len(x)
    return -20 * math.exp(-0.2 * math.sqrt(squares)) - math.exp(cosines) + 20 + math.e


def levy(p):
    w = [1 + (v - 1) / 4 for v in coordinates(p)]
    ends = math.sin(PI * w[0]) ** 2 + (w[-1] - 1) ** 2 * (1 + math.sin(2 * PI * w[-1]) ** 2)
    return ends + sum((v - 1) ** 2 * (1 + 10 * math.sin(PI * v + 1) ** 2) for v in w[:-1])


def styblinski_tang(p):
    return sum((x**4 - 16 * x * x + 5 * x) / 2 for x in coordinates(p))


def ellipsoid(p):
    return sum(5**i * (x - 1.3) ** 2 for i, x in enumerate(coordinates(p)))


def table(p):
    cost = (0 if p["a"] == p["b"] else 0.4) + {"w": 0.3, "x": 0.1, "y": 0, "z": 0.2}[p["a"]]
    cost += 0.1 if p["c"] == "n" else 0
    return cost + 0.02 * (p["n"] - 11) ** 2 / 4 + 0.3 * math.log(p["s"] / 0.02) ** 2


def branches(p):
    common = (p["u"] - 0.7) ** 2
    if p["kind"] == "flat":
        return 0.5 + common + 0.5 * (p["v"] + 1) ** 2
    if p["shape"] == "bowl":
        return 0.1 + 2 * common + (p["w"] - 2) ** 2 + 0.3 * p["z"] ** 2
    return 0.2 + common + abs(p["w"] + 3)


def cube(dimensions, low, high):
    return lambda t: {f"x{i}": t.suggest_float(f"x{i}", low, high) for i in range(dimensions)}


def network_space(t):
    return {
        "lr": t.suggest_float("lr", 1e-5, 1, log=True),
        "batch": t.suggest_categorical("batch", [16, 32, 64, 128, 256]),
        "width": t.suggest_int("width", 8, 1024, log=True),
        "depth": t.suggest_int("depth", 1, 8),
        "dropout": t.suggest_float("dropout", 0, 0.8),
        "activation": t.suggest_categorical("activation", ["relu", "tanh", "gelu", "sigmoid"]),
    }


def rules_space(t):
    p = {
        "rule": t.suggest_categorical("rule", ["sgd", "adam", "rmsprop"]),
        "lr": t.suggest_float("lr", 1e-5, 1, log=True),
        "decay": t.suggest_float("decay", 1e-6, 0.1, log=True),
    }
    if p["rule"] == "sgd":
        p["momentum"] = t.suggest_float("momentum", 0, 0.99)
        p["nesterov"] = t.suggest_categorical("nesterov", ["no", "yes"])
    elif p["rule"] == "adam":
        p["beta2"] = t.suggest_float("beta2", 0.9, 0.9999)
    else:
        p["alpha"] = t.suggest_float("alpha", 0.8, 0.999)
    return p


def table_space(t):
    return {
        "a": t.suggest_categorical("a", list("wxyz")),
        "b": t.suggest_categorical("b", list("wxyz")),
        "c": t.suggest_categorical("c", list("mn")),
        "n": t.suggest_int("n", 1, 30),
        "s": t.suggest_float("s", 1e-4, 1, log=True),
    }


def branches_space(t):
    p = {"kind": t.suggest_categorical("kind", ["flat", "deep"]), "u": t.suggest_float("u", 0, 1)}
    if p["kind"] == "flat":
        p["v"] = t.suggest_float("v", -4, 4)
        return p
    p["shape"] = t.suggest_categorical("shape", ["cone", "bowl"])
    p["w"] = t.suggest_float("w", -5, 5)
    if p["shape"] == "bowl":
        p["z"] = t.suggest_float("z", -2, 2)
    return p


FUNCTIONS = {  # value, space, optimum
    "branin": (branin, lambda t: {"x0": t.suggest_float("x0", -5, 10), "x1": t.suggest_float("x1", 0, 15)}, 0.39788735772973816),
    "hartmann6": (hartmann6, cube(6, 0, 1), -3.322368011415515),
    "rosenbrock4": (rosenbrock, cube(4, -2, 2), 0),
    "rastrigin3": (rastrigin, cube(3, -5.12, 5.12), 0),
    "network": (network, network_space, 0),
    "rules": (rules, rules_space, 0),
    "ackley5": (ackley, cube(5, -10, 20), 0),
    "levy4": (levy, cube(4, -10, 10), 0),
    "styblinski_tang3": (styblinski_tang, cube(3, -5, 5), 3 * -39.16616570377142),
    "ellipsoid5": (ellipsoid, cube(5, -5, 5), 0),
    "table": (table, table_space, 0),
    "branches": (branches, branches_space, 0.1),
}


def check():
    names = set()
    for line in sys.stdin:
        point = json.loads(line)
        value = FUNCTIONS[point["function"]][0](point["parameters"])
        names.add(point["function"])
        if not math.isclose(value, point["value"], rel_tol=1e-9, abs_tol=1e-9):
            sys.exit(f"error: {point['function']} differs: {value} at {line}")
    if names != set(FUNCTIONS):
        sys.exit(f"error: the functions differ: {sorted(names ^ set(FUNCTIONS))}")


def regret(name, kind, seed):
    import optuna

    options = {"default": {}, "independent": {"multivariate": False}, "group": {"multivariate": True, "group": True}}
    function, space, optimum = FUNCTIONS[name]
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, **options[kind]))
    running, best = [], math.inf
    for _ in range(TRIALS):
        if len(running) == LAG:
            study.tell(*running.pop(0))
        trial = study.ask()
        value = function(space(trial))
        running.append((trial, value))
        best = min(best, value)
    return best - optimum


def main():
    if sys.argv[1] == "check":
        return check()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    _, _, kind, first, count, *names = sys.argv
    for name in names:
        for seed in range(int(first), int(first) + int(count)):
            print(json.dumps({"function": name, "seed": seed, "regret": regret(name, kind, seed)}), flush=True)


if __name__ == "__main__":
    main()
