#!/usr/bin/env python3
"""Checks the recordings: replays each case's `thalweg` text with the rules' formulas in numpy, parameters and state.

    python3 tests/goldens/check.py [PEER.json.gz…]

Prints the largest relative error a file, and exits 1 if any is above 1e-12. It shares nothing with the engine: an error
here is a wrong mapping in make.py or a misread formula, not a bug of thalweg. It needs numpy alone.
"""

import gzip
import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
TOLERANCE = 1e-12


def sgd(o, state, g, t, lr):
    if o["momentum"] == 0:
        return lr * g
    inside = lr if o.get("lr_in_momentum") else 1
    share = 1 if "b" not in state else 1 - o.get("dampening", 0)
    state["b"] = o["momentum"] * state.get("b", 0) + inside * share * g
    u = inside * g + o["momentum"] * state["b"] if o["nesterov"] else state["b"]
    return u if o.get("lr_in_momentum") else lr * u


def rmsprop(o, state, g, t, lr):
    a = o.get("alpha")
    correction = 1 - a**t if o.get("bias_correction") else 1
    state["v"] = a * state["v"] + (1 - a) * g * g
    spread = state["v"] / correction
    if o["centered"]:
        state["m"] = a * state.get("m", 0) + (1 - a) * g
        spread = np.maximum(spread - (state["m"] / correction) ** 2, 0)
    u = g / (np.sqrt(spread + o["eps"]) if o.get("eps_inside") else np.sqrt(spread) + o["eps"])
    u = u * lr if o.get("lr_in_momentum") else u
    if o["momentum"] > 0:
        state["b"] = o["momentum"] * state.get("b", 0) + u
        u = u + o["momentum"] * state["b"] if o.get("nesterov") else state["b"]
    return u if o.get("lr_in_momentum") else lr * u


def adagrad(o, state, g, t, lr):
    state["v"] = state["v"] + g * g
    d = np.sqrt(state["v"] + o["eps"]) if o.get("eps_inside") else np.sqrt(state["v"]) + o["eps"]
    return lr / (1 + (t - 1) * o.get("lr_decay", 0)) * g / np.where(d == 0, np.inf, d)


def adadelta(o, state, g, t, lr):
    rho, eps, u = o["rho"], o["eps"], state.get("u", 0)
    state["v"] = rho * state["v"] + (1 - rho) * g * g
    delta = np.sqrt(u + eps) / np.sqrt(state["v"] + eps) * g
    state["u"] = rho * u + (1 - rho) * delta**2
    return lr * delta


def moments(o, state, g):
    state["m"] = o["beta1"] * state.get("m", 0) + (1 - o["beta1"]) * g
    state["v"] = o["beta2"] * state["v"] + (1 - o["beta2"]) * g * g


def corrected_mean(o, state, g, t):
    def c1(t):
        return 1 - o["beta1"] ** t if o.get("correct_mean", True) else 1

    if o.get("nesterov"):
        return o["beta1"] * state["m"] / c1(t + 1) + (1 - o["beta1"]) * g / c1(t)
    return state["m"] / c1(t)


def adam(o, state, g, t, lr, scale=1):
    moments(o, state, g)
    spread, c2 = state["v"], 1 - o["beta2"] ** t if o.get("correct_spread", True) else 1
    if o.get("amsgrad"):
        new = spread / c2 if o.get("maximum_of_corrected") else spread
        state["x"] = np.maximum(state.get("x", 0), new)
        spread = state["x"] * c2 if o.get("maximum_of_corrected") else state["x"]
    if o.get("eps_before_correction"):
        d = (np.sqrt(spread + o.get("eps_root", 0)) + o["eps"]) / np.sqrt(c2)
    else:
        d = np.sqrt(spread / c2 + o.get("eps_root", 0)) + o["eps"]
    return lr * scale * corrected_mean(o, state, g, t) / d


def amsgrad(o, state, g, t, lr):
    return adam({"amsgrad": True} | o, state, g, t, lr)


def radam(o, state, g, t, lr):
    power = o["beta2"] ** t
    limit = 2 / (1 - o["beta2"]) - 1
    n = limit - 2 * t * power / (1 - power)
    if n > o["threshold"] or (o["threshold_inclusive"] and n == o["threshold"]):
        r = np.sqrt((n - 4) * (n - 2) * limit / ((limit - 4) * (limit - 2) * n))
        return adam(o, state, g, t, lr, scale=r)
    moments(o, state, g)
    return lr * corrected_mean(o, state, g, t)


def nadam(o, state, g, t, lr):
    def mu(t):
        return o["beta1"] * (1 - 0.5 * 0.96 ** (t * o["momentum_decay"]) if o["momentum_schedule"] else 1)

    moments(o, state, g)
    product = np.prod([mu(i) for i in range(1, t + 1)])
    mean = (1 - mu(t)) * g / (1 - product) + mu(t + 1) * state["m"] / (1 - product * mu(t + 1))
    return lr * mean / (np.sqrt(state["v"] / (1 - o["beta2"] ** t) + o.get("eps_root", 0)) + o["eps"])


def adamax(o, state, g, t, lr):
    state["m"] = o["beta1"] * state.get("m", 0) + (1 - o["beta1"]) * g
    inside, beside = (0, o["eps"]) if o.get("eps_beside") else (o["eps"], 0)
    state["u"] = np.maximum(o["beta2"] * state.get("u", 0), np.abs(g) + inside)
    return lr / (1 - o["beta1"] ** t) * state["m"] / (state["u"] + beside)


def rprop(o, state, g, t, lr):
    sign = np.sign(g) * np.sign(state.get("prev", 0))
    factor = np.where(sign > 0, o["eta_plus"], np.where(sign < 0, o["eta_minus"], 1))
    state["step"] = np.clip(state.get("step", o["lr"]) * factor, o["step_min"], o["step_max"])
    state["prev"] = np.where(sign < 0, 0, g)
    return state["step"] * np.sign(state["prev"])


def lion(o, state, g, t, lr):
    m = state.get("m", 0)
    state["m"] = o["beta2"] * m + (1 - o["beta2"]) * g
    return lr * np.sign(o["beta1"] * m + (1 - o["beta1"]) * g)


RULES = {f.__name__: f for f in (sgd, rmsprop, adagrad, adadelta, adam, amsgrad, radam, nadam, adamax, rprop, lion)}
RULES["adamw"] = adam


def parse(text):
    rule, _, options = text.partition(":")
    words = {"true": True, "false": False}
    pairs = (option.split("=") for option in options.split(","))
    return rule, {"momentum": 0, "nesterov": False} | {k: words[v] if v in words else float(v) for k, v in pairs}


def clipped(options, gradients):
    """Keras' clipping of a list of gradients."""

    def norm(arrays):
        return np.sqrt(sum(np.sum(a * a) for a in arrays))

    if options["clipnorm"]:
        return [g * options["clipnorm"] / max(norm([g]), options["clipnorm"]) for g in gradients]
    if options["global_clipnorm"]:
        return [g * options["global_clipnorm"] / max(norm(gradients), options["global_clipnorm"]) for g in gradients]
    if options["clipvalue"]:
        return [np.clip(g, -options["clipvalue"], options["clipvalue"]) for g in gradients]
    return gradients


def replay(case):
    """Yields what should agree: name, step, expected, computed."""
    rule, o = parse(case["thalweg"])
    assert rule == case["rule"]
    peer, needs = case["options"], case.get("needs", [])
    theta, average = np.array(case["theta0"]), None
    first_state = {"v": o.get("initial_accumulator_value", 0)} | case.get("first_state", {})
    state = {name: np.full_like(theta, value) for name, value in first_state.items()}
    schedule, lr, t = dict(case.get("lr_schedule", [])), o["lr"], 0
    for step, gradient in enumerate(case["grads"], start=1):
        lr = case["lr_by_step"][step - 1] if "schedule" in needs else schedule.get(step, lr)
        if gradient is not None:
            t += 1
            g = np.array(gradient)
            if "clip" in needs:
                g = np.concatenate(clipped(peer, np.split(g, np.cumsum(case.get("splits", [g.size]))[:-1])))
            g = -g if o.get("maximize") else g
            if o.get("decoupled_weight_decay"):
                theta = theta * (1 - lr * o["weight_decay"])
            else:
                g = g + o.get("weight_decay", 0) * theta
            theta = theta - RULES[rule](o, state, g, t, lr)
        if "ema" in needs:
            k = peer["ema_momentum"]
            average = theta if average is None else k * average + (1 - k) * theta
            if peer["ema_overwrite_frequency"] and step % peer["ema_overwrite_frequency"] == 0:
                theta = average
        yield "theta", step, case["theta"][str(step)], theta
        for name, expected in case["state"].get(str(step), {}).items():
            yield name, step, expected, state.get(name, np.zeros_like(theta))
    if "ema" in needs:
        yield "ema", len(case["grads"]), case["ema"], average


def main(paths):
    failed = False
    for path in paths or sorted(HERE.glob("*.json.gz")):
        cases = json.loads(gzip.open(path).read())
        worst = 0
        for case in cases:
            for name, step, expected, computed in replay(case):
                expected = np.array(expected)
                difference = np.abs(expected - computed)
                error = float(np.max(np.where(difference == 0, 0, difference / np.maximum(np.abs(expected), 1e-300))))
                worst = max(worst, error)
                if not error <= TOLERANCE:
                    failed = True
                    print(f"{case['id']}: {name} after step {step}: relative error {error:.1e}")
                    break
        print(f"{pathlib.Path(path).name}: {len(cases)} cases, largest relative error {worst:.1e}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
