#!/usr/bin/env python3
"""Checks the recordings: replays each case's `thalweg` text with the rules' formulas in numpy, parameters and state.

    python3 tests/goldens/check.py [PEER.json.gz…]

Prints the largest relative error of each type in a file, and exits 1 if any is above 1e-12 (float64) or 1e-5
(float32), or above the case's own `rtol`. It shares nothing with the engine: an error here is a wrong mapping in a
PEER_cases.py or a misread formula, not a bug of thalweg. It needs numpy alone.
"""

import base64
import gzip
import json
import pathlib
import sys

import numpy as np

from formulas import RULES, SHAPED
from recording import parts
from torch_cases import COLUMNS

HERE = pathlib.Path(__file__).parent
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def parse(text):
    rule, _, options = text.partition(":")
    words = {"true": True, "false": False}
    pairs = (option.split("=") for option in options.split(","))
    return rule, {"momentum": 0, "nesterov": False} | {k: words[v] if v in words else float(v) for k, v in pairs}


def clip_of(case):
    """How gradients are clipped, in thalweg's words; None if they are not."""
    keras = {"clipnorm": "norm", "global_clipnorm": "global_norm", "clipvalue": "value"}
    for key, by in keras.items():
        if case["options"].get(key):
            return {"by": by, "limit": case["options"][key]}
    return case.get("clip")


def average_of(case):
    """How parameters are averaged, in thalweg's words; None if they are not."""
    o = case["options"]
    if not o.get("use_ema"):
        return case.get("average")
    return {"kind": "ema", "decay": o["ema_momentum"], "overwrite_every": o["ema_overwrite_frequency"]}


def clipped(clip, gradients):
    by, limit = clip["by"], clip["limit"]
    if by == "value":
        return [np.clip(g, -limit, limit) for g in gradients]

    def scaled(arrays):
        norm = np.sqrt(sum(np.sum(a * a) for a in arrays))
        return [a * (limit / max(norm + clip.get("eps", 0), limit)) for a in arrays]

    return scaled(gradients) if by == "global_norm" else [scaled([g])[0] for g in gradients]


class Average:
    def __init__(self, words):
        self.words, self.sum, self.count = words, 0, 0

    def after(self, step, theta):
        """The averaged parameters after this step; None before it begins."""
        words = self.words
        start, every = words.get("start", 1), words.get("every", 1)
        if step < start:
            return None
        if (step - start) % every == 0:
            self.count += 1
            if words["kind"] == "mean":
                self.sum = self.sum + theta
            elif self.count == 1 and not words.get("bias_correction"):
                self.sum = theta
            else:
                self.sum = words["decay"] * self.sum + (1 - words["decay"]) * theta
        if words["kind"] == "mean":
            return self.sum / self.count
        return self.sum / (1 - words["decay"] ** self.count if words.get("bias_correction") else 1)


def shaped_step(case, rule, o, states, theta, g, missing, t, lr):
    """The parameters after a step of a rule that is given one at a time, each with its own state and count of steps."""
    after = []
    for parameter, gradient, lacks, state in zip(parts(case, theta), parts(case, g), parts(case, missing), states):
        if lacks.any():
            after.append(parameter.ravel())
            continue
        count = state["t"] = state.get("t", 0) + 1
        count = t if case["thalweg_step_count"] == "shared" else count
        after.append(SHAPED[rule](o, state, parameter, gradient, count, lr).ravel())
    return np.concatenate(after)


def replay(case):
    """Yields what should agree: name, step, expected, computed."""
    rule, o = parse(case["thalweg"])
    assert rule == case["rule"]
    clip, average = clip_of(case), average_of(case)
    average = average and Average(average)
    theta = np.array(case["theta0"])
    first_state = {"v": o.get("initial_accumulator_value", 0)} | case.get("first_state", {})
    state = {name: np.full_like(theta, value) for name, value in first_state.items()}
    states = [{} for _ in parts(case, theta)]  # of each parameter, where the rule is given one at a time
    lrs = dict(enumerate(case["lr_by_step"], start=1)) if "lr_by_step" in case else dict(case.get("lr_schedule", []))
    lr, t = o["lr"], 0
    for step, gradient in enumerate(case["grads"], start=1):
        lr = lrs.get(step, lr)
        if gradient is not None:
            t += 1
            missing = np.array([x is None for x in gradient])  # of parameters without a gradient
            before = {"theta": theta} | state
            g = np.array([x or 0.0 for x in gradient])
            if clip:
                g = np.concatenate(clipped(clip, np.split(g, np.cumsum(case.get("splits", [g.size]))[:-1])))
            g = -g if o.get("maximize") else g
            if rule in SHAPED:
                theta = shaped_step(case, rule, o, states, theta, g, missing, t, lr)
                state = {name: np.concatenate([each[name].ravel() for each in states if name in each])
                         for name in set().union(*states) - {"t"}}
            else:
                if o.get("decoupled_weight_decay"):
                    theta = theta * (1 - lr * o["weight_decay"])
                else:
                    g = g + o.get("weight_decay", 0) * theta
                theta = theta - RULES[rule](o, state, g, t, lr)
                if missing.any():
                    theta = np.where(missing, before["theta"], theta)
                    for name, array in state.items():
                        if isinstance(array, np.ndarray):
                            state[name] = np.where(missing, before.get(name, 0), array)
        if average:
            averaged = average.after(step, theta)
            overwrite_every = average.words.get("overwrite_every")
            if overwrite_every and step % overwrite_every == 0:
                theta = averaged
            if str(step) in case.get("ema_by_step", {}):
                yield "ema_by_step", step, case["ema_by_step"][str(step)], averaged
        if str(step) in case["theta"]:
            yield "theta", step, case["theta"][str(step)], theta
        for name, expected in case["state"].get(str(step), {}).items():
            yield name, step, expected, state.get(name, np.zeros_like(theta))
    if average:
        yield "ema", len(case["grads"]), case["ema"], averaged


def safetensors_numbers(data):
    """The tensors of a safetensors file, flat."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    types = {"F64": "<f8", "F32": "<f4"}
    return {name: np.frombuffer(data[8 + length:][slice(*tensor["data_offsets"])], types[tensor["dtype"]])
            for name, tensor in header.items()}


def single_parameters(case):
    """The cases of single parameters that a case of torch_state.json.gz is made of."""
    tensors = safetensors_numbers(base64.b64decode(case["file"]))
    for group in case["groups"]:
        rule, _, _ = group["thalweg"].partition(":")
        for name in group["parameters"]:
            columns = {COLUMNS[case["class"]].get(key.rpartition("/")[2]): numbers.tolist()
                       for key, numbers in tensors.items() if key.rpartition("/")[0] == name}
            columns.pop(None, None)
            # PyTorch's Adagrad has its state before its first gradient.
            stepped = any(case["grads"][name][:10])
            yield {"id": f"{case['id']}: {name}", "rule": rule, "thalweg": group["thalweg"], "options": {},
                   "dtype": case["dtype"], "lr_by_step": group["lr_by_step"], "theta0": case["theta0"][name],
                   "grads": case["grads"][name], "theta": {step: theta[name] for step, theta in case["theta"].items()},
                   "state": {"10": columns} if stepped else {}}


def largest_error(case):
    """The largest relative error, and where it is. A sum whose terms cancel is measured by its terms: in float64 by a
    thousandth of the largest number, and of what was computed in float32, if only in part, by what it has been.
    """
    worst, where, magnitudes = 0, "", {}
    for name, step, expected, computed in replay(case):
        expected = np.array(expected)
        scale = np.abs(expected)
        scale = np.maximum(scale, 1e-3 * np.max(scale))
        if case["dtype"] == "float32" or "rtol" in case:
            scale = magnitudes[name] = np.maximum(scale, magnitudes.get(name, 0))
            scale = np.maximum(scale, 0.1 * np.max(scale))
        difference = np.abs(expected - computed)
        error = float(np.max(np.where(difference == 0, 0, difference / np.maximum(scale, 1e-300))))
        if not error <= worst:
            worst, where = error, f"{name} after step {step}"
    return worst, where


def main(paths):
    failed = False
    for path in paths or sorted(HERE.glob("*.json.gz")):
        cases = json.loads(gzip.open(path).read())
        if isinstance(cases, dict):
            continue  # schedules, which no step is taken with
        if "file" in cases[0]:
            cases = [single for case in cases for single in single_parameters(case)]
        largest = {}
        for case in cases:
            error, where = largest_error(case)
            kind = "float64, partly in float32" if "rtol" in case else case["dtype"]
            largest[kind] = max(largest.get(kind, 0), error)
            if not error <= case.get("rtol", TOLERANCE[case["dtype"]]):
                failed = True
                print(f"{case['id']}: {where}: relative error {error:.1e}")
        errors = ", ".join(f"{error:.1e} in {dtype}" for dtype, error in sorted(largest.items()))
        print(f"{pathlib.Path(path).name}: {len(cases)} cases, largest relative error {errors}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
