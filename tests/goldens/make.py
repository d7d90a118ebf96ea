#!/usr/bin/env python3
"""Records what PyTorch, Keras, Optax and TensorFlow's raw operations compute. Rewrites PEER.json.gz beside it.

    python3 -m venv /tmp/goldens
    /tmp/goldens/bin/pip install torch==2.13.0 optax==0.2.8 keras==3.15.1 jax tensorflow==2.21.0
    /tmp/goldens/bin/python tests/goldens/make.py              # all peers, each in a process of its own
    /tmp/goldens/bin/python tests/goldens/make.py torch optax  # only these

Everything is computed in float64. A file is a JSON list of cases in the format that `thalweg replay` reads, options in
the peer's own names. Keys beyond that format:

    thalweg             the same options in thalweg's words, written here by hand from the peers' formulas
    thalweg_step_count  "per_parameter" or "shared": who counts the steps
    state               {"1": {"v": [...]}, ...}: state columns after each step, under thalweg's names
    needs               what the case needs beyond its rule: "clip", "ema", "schedule", "first_state"
    lr_by_step          with "schedule": the learning rates that the schedule gave, one a step
    first_state         with "first_state": columns that begin at another number than thalweg's rule would

Left out: Optax's rprop (0.2.8 applies the step before), TensorFlow's Adam with use_nesterov (no correction of step
t + 1, which no option of thalweg gives).
"""

import gzip
import inspect
import itertools
import json
import os
import pathlib
import subprocess
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy  # noqa: E402

HERE = pathlib.Path(__file__).parent
ELEMENTS = 4
STEPS = 8  # RAdam rectifies from its step 6 or 7 on
LR_CHANGES = [{}, {4: 0.25}, {3: 0.5, 6: 1.5}]  # factors from these steps on; tells η in the momentum from η outside
MISSING = [(), (3,), (), (1, 5), (4, 5)]  # steps without a gradient, in PyTorch's cases


# What all peers share.


def numbers(seed):
    """Start and gradients: normal, of several sizes, with exact zeros, at the start and later."""
    generator = numpy.random.default_rng(seed)
    start = numpy.round(generator.normal(size=ELEMENTS), 6)
    gradients = numpy.round(generator.normal(size=(STEPS, ELEMENTS)) * [1, 1, 0.05, 8], 6)
    gradients[0:2, 1] = 0
    gradients[4, 0] = 0
    return start, gradients


def combinations(bases, **choices):
    """Every choice with every other; the bases take turns."""
    sets = [dict(zip(choices, values)) for values in itertools.product(*choices.values())]
    return [base | options for base, options in zip(itertools.cycle(bases), sets)]


def in_words(options):
    return ", ".join(f"{k}={v}" for k, v in options.items())


def thalweg_text(rule, options):
    def number(value):
        return str(value).lower() if isinstance(value, bool) else repr(float(value))

    return f"{rule}:" + ",".join(f"{k}={number(v)}" for k, v in options.items())


def values(array):
    return numpy.asarray(array, dtype=numpy.float64).ravel().tolist()


def lr_schedule(lr, changes):
    return [[1, lr]] + [[step, lr * factor] for step, factor in changes.items()]


def new_case(peer, version, name, called_with, options, thalweg, seed, *, changes, shared, **others):
    """A case without its results. `name`: the peer's class or function; `thalweg`: rule and its options."""
    rule, thalweg_options = thalweg
    start, gradients = numbers(seed)
    case = {"id": f"{peer} {name}({in_words(called_with)})", "peer": peer, "peer_version": version, "rule": rule}
    if changes:
        case["id"] += f", lr changes at {' and '.join(map(str, changes))}"
    if name.lower() != rule:
        case["peer_name"] = name
    case |= {"thalweg": thalweg_text(rule, thalweg_options)}
    case |= {"thalweg_step_count": "shared" if shared else "per_parameter"}
    case |= {"options": options, "dtype": "float64"}
    if changes:
        case["lr_schedule"] = lr_schedule(thalweg_options["lr"], changes)
    case |= others
    return case | {"theta0": values(start), "grads": gradients.tolist(), "theta": {}, "state": {}}


def lr_at(case, step):
    """The learning rate that begins at this step, or None."""
    return dict(case.get("lr_schedule", [])).get(step)


def write(peer, cases):
    assert len({case["id"] for case in cases}) == len(cases), "an id is there twice"
    lines = ",\n".join(json.dumps(case, allow_nan=False, separators=(",", ":")) for case in cases)
    with open(HERE / f"{peer}.json.gz", "wb") as file:
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as zipped:
            zipped.write(f"[\n{lines}\n]\n".encode())
    rules = {}
    for case in cases:
        rules[case["rule"]] = rules.get(case["rule"], 0) + 1
    print(f"{peer}: {len(cases)} cases ({', '.join(f'{n} {rule}' for rule, n in sorted(rules.items()))})")


# PyTorch.


def torch_options():
    """Class and options of every case."""
    cases = []

    def add(name, bases, **choices):
        cases.extend((name, options) for options in combinations(bases, **choices))

    on_off = [False, True]
    decay = [0, 0.3]
    betas = [dict(lr=0.02, betas=(0.8, 0.95), eps=1e-3), dict(lr=0.05, betas=(0.6, 0.9), eps=1e-6)]
    sgd = [dict(lr=0.1), dict(lr=0.03)]
    add("SGD", sgd, weight_decay=decay, maximize=on_off)
    add("SGD", sgd, momentum=[0.7], dampening=[0, 0.4], weight_decay=decay, maximize=on_off)
    add("SGD", sgd, momentum=[0.6], nesterov=[True], weight_decay=decay, maximize=on_off)
    add("SGD", sgd, momentum=[0.8], dampening=[1], weight_decay=[0.1])
    rmsprop = [dict(lr=0.02, alpha=0.85, eps=1e-3), dict(lr=0.05, alpha=0.6, eps=1e-6), dict(lr=0.01, eps=1e-2)]
    add("RMSprop", rmsprop, centered=on_off, momentum=[0, 0.7], weight_decay=decay, maximize=on_off)
    adagrad = [dict(lr=0.1, eps=1e-3), dict(lr=0.3, eps=1e-6), dict(lr=0.2)]
    add("Adagrad", adagrad, lr_decay=[0, 0.2], initial_accumulator_value=[0, 0.3], weight_decay=decay, maximize=on_off)
    adadelta = [dict(lr=0.5, rho=0.8, eps=1e-3), dict(lr=2.0, eps=1e-4), dict(rho=0.6, eps=1e-2)]
    add("Adadelta", adadelta, weight_decay=[0, 0.1, 0.3], maximize=on_off)
    add("Adam", betas, amsgrad=on_off, weight_decay=decay, decoupled_weight_decay=on_off, maximize=on_off)
    add("AdamW", betas, amsgrad=on_off, weight_decay=[0.0, 0.3], maximize=on_off)
    add("AdamW", [dict(lr=0.04, betas=(0.5, 0.7), eps=1e-4)], amsgrad=on_off)
    add("Adamax", betas, weight_decay=[0, 0.1, 0.3], maximize=on_off)
    add("Adamax", [dict(lr=0.03, betas=(0.7, 0.5), eps=0.2)], weight_decay=decay)
    add("NAdam", betas, momentum_decay=[0.05, 1.0], weight_decay=[0.3], decoupled_weight_decay=on_off, maximize=on_off)
    add("NAdam", betas, maximize=on_off)
    add("NAdam", [dict(lr=0.03, betas=(0.5, 0.7), eps=1e-4)], momentum_decay=[0, 0.4])
    add("RAdam", betas, weight_decay=[0.1, 0.3], decoupled_weight_decay=on_off, maximize=on_off)
    add("RAdam", betas, maximize=on_off)
    add("RAdam", [dict(lr=0.03, eps=1e-2), dict(lr=0.03, betas=(0.7, 0.5), eps=1e-2)], weight_decay=decay)
    rprop = [dict(lr=0.05), dict(lr=0.2, etas=(0.3, 1.7)), dict(lr=0.1, etas=(0.6, 1.4))]
    add("Rprop", rprop, step_sizes=[(1e-6, 50), (0.04, 0.12), (0.15, 0.3), (0.01, 0.07)], maximize=on_off)
    # The peer's faster ways to compute the same.
    for name in ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "NAdam", "RAdam", "Rprop"):
        add(name, [dict(lr=0.04)], foreach=[True])
    for name in ("SGD", "Adagrad", "Adam", "AdamW"):
        add(name, [dict(lr=0.06)], fused=[True])
    return cases


def torch_in_thalweg(name, o):
    """Rule and options in thalweg's words, from `param_groups[0]`."""
    words = {"lr": o["lr"]}
    if name == "SGD":
        rule = "sgd"
        words |= {k: o[k] for k in ("momentum", "dampening", "nesterov")}
    elif name == "RMSprop":
        rule = "rmsprop"
        words |= {k: o[k] for k in ("alpha", "eps", "momentum", "centered")}
    elif name == "Adagrad":
        rule = "adagrad"
        words |= {k: o[k] for k in ("lr_decay", "eps", "initial_accumulator_value")}
    elif name == "Adadelta":
        rule = "adadelta"
        words |= {k: o[k] for k in ("rho", "eps")}
    elif name == "Rprop":
        rule = "rprop"
        words |= dict(zip(("eta_minus", "eta_plus"), o["etas"]))
        words |= dict(zip(("step_min", "step_max"), o["step_sizes"])) | {"clamp_always": True}
    else:
        rule = "amsgrad" if o.get("amsgrad") else name.lower()
        words |= dict(zip(("beta1", "beta2"), o["betas"])) | {"eps": o["eps"]}
        if name in ("Adam", "AdamW"):
            words["amsgrad"] = o["amsgrad"]
        if name == "NAdam":
            words |= {"momentum_decay": o["momentum_decay"], "momentum_schedule": True}
        if name == "RAdam":
            words |= {"threshold": 5, "threshold_inclusive": False, "eps_before_correction": True}
    if name != "Rprop":
        words |= {"weight_decay": o["weight_decay"], "decoupled_weight_decay": o.get("decoupled_weight_decay", False)}
    return rule, words | {"maximize": o["maximize"]}


TORCH_COLUMNS = {
    "SGD": {"momentum_buffer": "b"},
    "RMSprop": {"square_avg": "v", "grad_avg": "m", "momentum_buffer": "b"},
    "Adagrad": {"sum": "v"},
    "Adadelta": {"square_avg": "v", "acc_delta": "u"},
    "Adamax": {"exp_avg": "m", "exp_inf": "u"},
    "Rprop": {"step_size": "step", "prev": "prev"},
} | dict.fromkeys(("Adam", "AdamW", "NAdam", "RAdam"), {"exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "x"})


def torch_cases():
    import torch

    torch.set_default_dtype(torch.float64)  # NAdam keeps its product of μ in this type
    cases = []
    for seed, (name, called_with) in enumerate(torch_options()):
        start, gradients = numbers(seed)
        theta = torch.tensor(start, requires_grad=True)
        ways = {} if "fused" in called_with else {"foreach": False}
        optimizer = getattr(torch.optim, name)([theta], **ways | called_with)
        options = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
        case = new_case("torch", torch.__version__, name, called_with, options, torch_in_thalweg(name, options), seed,
                        changes=LR_CHANGES[seed % 3], shared=False)
        for step in range(1, STEPS + 1):
            if lr_at(case, step) is not None:
                optimizer.param_groups[0]["lr"] = lr_at(case, step)
            if step in MISSING[seed % 5]:
                case["grads"][step - 1] = theta.grad = None
            else:
                theta.grad = torch.tensor(gradients[step - 1])
            optimizer.step()
            case["theta"][str(step)] = values(theta.detach())
            columns = {TORCH_COLUMNS[name][k]: values(v) for k, v in optimizer.state[theta].items()
                       if k in TORCH_COLUMNS[name] and v is not None}
            if columns:
                case["state"][str(step)] = columns
        if MISSING[seed % 5]:
            case["id"] += f", no gradient at {' and '.join(map(str, MISSING[seed % 5]))}"
        cases.append(case)
    return cases


# Optax.


def optax_options():
    """Function and keyword arguments, without those that keep their default, of every case."""
    cases = []

    def add(name, bases, **choices):
        cases.extend((name, options) for options in combinations(bases, **choices))

    on_off = [False, True]
    roots = [0.0, 1e-2]
    betas = [dict(learning_rate=0.02, b1=0.8, b2=0.95, eps=1e-3), dict(learning_rate=0.05, b1=0.6, b2=0.9, eps=1e-6)]
    add("sgd", [dict(learning_rate=0.1), dict(learning_rate=0.03)], momentum=[None, 0.7, 0.4], nesterov=on_off)
    rmsprop = [dict(learning_rate=0.02, decay=0.85, eps=1e-3), dict(learning_rate=0.05, eps=1e-6),
               dict(learning_rate=0.03, decay=0.6, eps=1e-2)]
    for centered, corrected in itertools.product(on_off, on_off):
        # Where v₀ = 0, the corrected v̂ − m̂² is nothing but rounding in step 1.
        scales = [0.2] if centered and corrected else [0.0, 0.3]
        add("rmsprop", rmsprop, centered=[centered], bias_correction=[corrected], eps_in_sqrt=on_off,
            initial_scale=scales, momentum=[None, 0.7])
        add("rmsprop", rmsprop, centered=[centered], bias_correction=[corrected], eps_in_sqrt=on_off,
            initial_scale=scales[-1:], momentum=[0.6], nesterov=[True])
    # Without ε and v₀ the zeros among the gradients leave v = 0: no change there.
    add("adagrad", [dict(learning_rate=0.2), dict(learning_rate=0.5)], initial_accumulator_value=[0.0, 0.3],
        eps=[0.0, 1e-3, 0.1])
    adadelta = [dict(learning_rate=0.5, rho=0.8, eps=1e-3), dict(learning_rate=2.0, eps=1e-2)]
    add("adadelta", adadelta, weight_decay=[0.0, 0.3, 0.1])
    add("adadelta", [dict(learning_rate=1.5, rho=0.6)])
    add("adam", betas, nesterov=on_off, eps_root=roots)
    add("adamw", betas, nesterov=on_off, eps_root=roots, weight_decay=[0.0, 0.3])
    add("adamw", [dict(learning_rate=0.1)])
    add("nadam", betas, eps_root=roots)
    add("nadam", betas, nesterov=[True])
    add("nadamw", betas, eps_root=roots, weight_decay=[0.2, 0.05])
    add("nadamw", betas, nesterov=[True])
    add("amsgrad", betas, bias_correction_mu=on_off, bias_correction_nu=on_off, eps_root=roots)
    add("adamax", betas + [dict(learning_rate=0.05, b1=0.4, b2=0.5, eps=0.2)], eps=[1e-8, 1e-3, 0.3])
    add("adamaxw", betas, weight_decay=[0.0, 0.3, 0.1])
    add("adamaxw", [dict(learning_rate=0.1)])
    add("radam", betas, nesterov=on_off, eps_root=roots, threshold=[5.0, 6.0])
    add("radam", [dict(learning_rate=0.05, b2=0.5), dict(learning_rate=0.05, threshold=4.2)], nesterov=on_off)
    # A threshold that step 6 meets exactly (0.875⁶ has no rounding).
    power = 0.875**6
    add("radam", [dict(learning_rate=0.05, b2=0.875, eps=1e-3, threshold=15 - 12 * power / (1 - power))])
    add("lion", [dict(learning_rate=0.02, b1=0.8, b2=0.95), dict(learning_rate=0.1, b1=0.4)],
        weight_decay=[0.0, 0.3, 0.1])
    add("lion", [dict(learning_rate=0.1)])
    return cases


def optax_in_thalweg(name, o):
    """Rule and options in thalweg's words, from all keyword arguments."""
    words = {"lr": o["learning_rate"]}
    momentum = {"momentum": o.get("momentum") or 0.0, "nesterov": o.get("nesterov", False)}
    if name == "sgd":
        return "sgd", words | momentum | {"lr_in_momentum": False}
    if name == "rmsprop":
        return "rmsprop", words | momentum | {
            "alpha": o["decay"], "eps": o["eps"], "eps_inside": o["eps_in_sqrt"], "lr_in_momentum": True,
            "centered": o["centered"], "bias_correction": o["bias_correction"],
            "initial_accumulator_value": o["initial_scale"]}
    if name == "adagrad":
        return "adagrad", words | {"eps": o["eps"], "eps_inside": True,
                                   "initial_accumulator_value": o["initial_accumulator_value"]}
    if name == "adadelta":
        return "adadelta", words | {"rho": o["rho"], "eps": o["eps"], "weight_decay": o["weight_decay"],
                                    "decoupled_weight_decay": False}
    words |= {"beta1": o["b1"], "beta2": o["b2"]}
    decay = {"weight_decay": o.get("weight_decay", 0.0), "decoupled_weight_decay": True}
    if name == "lion":
        return "lion", words | decay
    words["eps"] = o["eps"]
    if name in ("adamax", "adamaxw"):
        return "adamax", words | decay | {"eps_beside": False}
    words["eps_root"] = o["eps_root"]
    if name in ("nadam", "nadamw"):
        return "nadam", words | decay | {"momentum_schedule": False}
    if name == "amsgrad":
        return "amsgrad", words | {"correct_mean": o["bias_correction_mu"], "correct_spread": o["bias_correction_nu"],
                                   "maximum_of_corrected": True}
    words["nesterov"] = o["nesterov"]
    if name == "radam":
        return "radam", words | {"threshold": o["threshold"], "threshold_inclusive": True,
                                 "eps_before_correction": False}
    return name, words | decay


OPTAX_COLUMNS = {"mu": "m", "nu": "v", "nu_max": "x", "trace": "b", "e_g": "v", "e_x": "u", "sum_of_squares": "v"}


def optax_columns(name, state):
    import jax

    columns = {}
    for part in jax.tree_util.tree_leaves(state, is_leaf=lambda x: hasattr(x, "_fields")):
        for field, column in OPTAX_COLUMNS.items():
            if hasattr(part, field):
                if name in ("adamax", "adamaxw") and field == "nu":
                    column = "u"
                # rmsprop's trace holds −η g / d.
                sign = -1 if name == "rmsprop" and field == "trace" else 1
                columns[column] = values(sign * numpy.asarray(getattr(part, field)))
    return columns


def optax_cases():
    import jax.numpy
    import optax

    cases = []
    for seed, (name, options) in enumerate(optax_options(), start=1000):
        function = getattr(optax, name)
        with_defaults = {k: p.default for k, p in inspect.signature(function).parameters.items()} | options
        case = new_case("optax", optax.__version__, name, options, options, optax_in_thalweg(name, with_defaults), seed,
                        changes=LR_CHANGES[seed % 3], shared=True)

        def scheduled(count, schedule=case.get("lr_schedule", [])):
            lr = schedule[0][1]
            for step, then in schedule[1:]:
                lr = jax.numpy.where(count + 1 < step, lr, then)
            return lr

        optimizer = function(**options | ({"learning_rate": scheduled} if "lr_schedule" in case else {}))
        theta = jax.numpy.asarray(case["theta0"])
        state = optimizer.init(theta)
        for step in range(1, STEPS + 1):
            updates, state = optimizer.update(jax.numpy.asarray(case["grads"][step - 1]), state, theta)
            theta = optax.apply_updates(theta, updates)
            assert theta.dtype == jax.numpy.float64
            case["theta"][str(step)] = values(theta)
            columns = optax_columns(name, state)
            if columns:
                case["state"][str(step)] = columns
        cases.append(case)
    return cases


# Keras.


def keras_options():
    """Class, options and the lengths of the variables of every case."""
    from keras.optimizers import schedules

    cases = []

    def add(name, bases, splits=None, **choices):
        cases.extend((name, options, splits) for options in combinations(bases, **choices))

    on_off = [False, True]
    decay = [None, 0.3]
    betas = [dict(learning_rate=0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-3),
             dict(learning_rate=0.05, beta_1=0.6, beta_2=0.9, epsilon=1e-6)]
    sgd = [dict(learning_rate=0.1), dict(learning_rate=0.03)]
    rmsprop = [dict(learning_rate=0.02, rho=0.85, epsilon=1e-3), dict(learning_rate=0.05, rho=0.6, epsilon=1e-2)]
    adagrad = [dict(learning_rate=0.2, epsilon=1e-3), dict(learning_rate=0.5, epsilon=0.1)]
    adadelta = [dict(learning_rate=0.5, rho=0.8, epsilon=1e-3), dict(learning_rate=2.0, epsilon=1e-2)]
    lion = [dict(learning_rate=0.02, beta_1=0.8, beta_2=0.95), dict(learning_rate=0.1, beta_1=0.4)]
    add("SGD", sgd, momentum=[0.0, 0.7], nesterov=on_off, weight_decay=decay)
    add("RMSprop", rmsprop, centered=on_off, momentum=[0.0, 0.7], weight_decay=decay)
    add("RMSprop", [dict(learning_rate=0.1)], weight_decay=[0.1])
    add("Adagrad", adagrad, initial_accumulator_value=[0.0, 0.4], weight_decay=decay)
    add("Adagrad", [dict(learning_rate=0.3)])
    add("Adadelta", adadelta, weight_decay=[None, 0.1, 0.3])
    add("Adam", betas, amsgrad=on_off, weight_decay=[None, 0.1, 0.3])
    add("AdamW", betas, amsgrad=on_off, weight_decay=[0.1, 0.3])
    add("AdamW", [dict(learning_rate=0.1)])
    add("Adamax", betas, weight_decay=[None, 0.1, 0.3])
    add("Adamax", [dict(learning_rate=0.1, beta_2=0.5, epsilon=0.2)])
    add("Nadam", betas, weight_decay=[None, 0.1, 0.3])
    add("Nadam", [dict(learning_rate=0.1)])
    add("Lion", lion, weight_decay=[None, 0.1, 0.3])
    add("Lion", [dict(learning_rate=0.05)])

    momentum = dict(momentum=0.7)
    by_norm, by_global_norm, by_value = dict(clipnorm=0.9), dict(global_clipnorm=1.1), dict(clipvalue=0.5)
    for clip in (by_norm, by_global_norm, by_value):
        add("SGD", [sgd[0] | momentum | clip], [1, 3])
        add("RMSprop", [rmsprop[0] | momentum | clip | dict(centered=True)], [2, 2])
        add("AdamW", [betas[0] | clip | dict(weight_decay=0.3)], [1, 1, 2])
        add("Adagrad", [adagrad[0] | clip], [3, 1])
    add("Adam", [betas[0] | by_norm])
    add("Adadelta", [adadelta[0] | by_global_norm], [2, 2])
    add("Adamax", [betas[0] | by_value])
    add("Nadam", [betas[0] | by_norm | dict(weight_decay=0.3)], [1, 1, 1, 1])
    add("Lion", [lion[0] | by_global_norm | dict(weight_decay=0.3)], [1, 3])

    ema = dict(use_ema=True, ema_momentum=0.8)
    for overwrite in ({}, dict(ema_overwrite_frequency=3)):
        add("SGD", [sgd[0] | momentum | ema | overwrite], [1, 3])
        add("RMSprop", [rmsprop[0] | ema | overwrite])
        add("Adam", [betas[0] | ema | overwrite | dict(weight_decay=0.3)], [2, 2])
        add("Nadam", [betas[0] | ema | overwrite])
    add("Lion", [lion[0] | ema | dict(ema_momentum=0.6, ema_overwrite_frequency=1)])
    add("AdamW", [betas[1] | ema | by_global_norm | dict(ema_overwrite_frequency=4)], [1, 3])
    add("RMSprop", [rmsprop[1] | momentum | ema | by_norm], [2, 2])

    def scheduled(name, options, schedule):
        add(name, [options | dict(learning_rate=schedule)])

    scheduled("SGD", momentum, schedules.ExponentialDecay(0.1, decay_steps=3, decay_rate=0.6))
    scheduled("RMSprop", rmsprop[0] | momentum,
              schedules.ExponentialDecay(0.1, decay_steps=3, decay_rate=0.6, staircase=True))
    scheduled("Adam", betas[0] | dict(weight_decay=0.3), schedules.PiecewiseConstantDecay([2, 5], [0.1, 0.04, 0.2]))
    scheduled("SGD", momentum | dict(nesterov=True, weight_decay=0.3),
              schedules.PolynomialDecay(0.1, decay_steps=5, end_learning_rate=0.02, power=2.0))
    scheduled("Adagrad", adagrad[0],
              schedules.PolynomialDecay(0.1, decay_steps=3, end_learning_rate=0.02, power=0.5, cycle=True))
    scheduled("RMSprop", rmsprop[0] | dict(momentum=0.6), schedules.InverseTimeDecay(0.1, decay_steps=2, decay_rate=0.5))
    scheduled("Adamax", betas[0], schedules.InverseTimeDecay(0.1, decay_steps=3, decay_rate=0.5, staircase=True))
    scheduled("AdamW", betas[0] | dict(weight_decay=0.3), schedules.CosineDecay(0.1, decay_steps=6, alpha=0.1))
    scheduled("Nadam", betas[0],
              schedules.CosineDecay(0.01, decay_steps=4, alpha=0.2, warmup_target=0.1, warmup_steps=3))
    scheduled("Lion", lion[0], schedules.CosineDecayRestarts(0.1, first_decay_steps=3, t_mul=1.5, m_mul=0.7, alpha=0.1))
    cases.append(("SGD", momentum | by_norm | ema |
                  dict(learning_rate=schedules.CosineDecay(0.1, decay_steps=6), ema_overwrite_frequency=5), [2, 2]))
    return cases


def keras_in_thalweg(name, o, lr):
    """Rule and options in thalweg's words, from `get_config()`."""
    words = {"lr": lr}
    decay = {"weight_decay": o["weight_decay"] or 0.0, "decoupled_weight_decay": True}
    if name == "SGD":
        return "sgd", words | decay | {"momentum": o["momentum"], "nesterov": o["nesterov"], "lr_in_momentum": True}
    if name == "Lion":
        return "lion", words | decay | {"beta1": o["beta_1"], "beta2": o["beta_2"]}
    words |= decay | {"eps": o["epsilon"]}
    if name == "RMSprop":
        return "rmsprop", words | {"alpha": o["rho"], "eps_inside": True, "momentum": o["momentum"],
                                   "lr_in_momentum": True, "centered": o["centered"]}
    if name == "Adagrad":
        return "adagrad", words | {"eps_inside": True, "initial_accumulator_value": o["initial_accumulator_value"]}
    if name == "Adadelta":
        return "adadelta", words | {"rho": o["rho"]}
    words |= {"beta1": o["beta_1"], "beta2": o["beta_2"]}
    if name == "Adamax":
        return "adamax", words | {"eps_beside": True}
    if name == "Nadam":
        return "nadam", words | {"momentum_decay": 1.0, "momentum_schedule": True}
    rule = "amsgrad" if o["amsgrad"] else name.lower()
    return rule, words | {"amsgrad": o["amsgrad"], "eps_before_correction": True}


# List of variables' slots, its name in thalweg, the sign that it has there.
KERAS_COLUMNS = {
    "SGD": [("momentums", "b", -1)],
    "RMSprop": [("_velocities", "v", 1), ("_average_gradients", "m", 1), ("_momentums", "b", 1)],
    "Adagrad": [("_accumulators", "v", 1)],
    "Adadelta": [("_accumulated_grads", "v", 1), ("_accumulated_delta_vars", "u", 1)],
    "Adamax": [("_m", "m", 1), ("_u", "u", 1)],
    "Lion": [("_momentums", "m", 1)],
} | dict.fromkeys(("Adam", "AdamW", "Nadam"),
                  [("_momentums", "m", 1), ("_velocities", "v", 1), ("_velocity_hats", "x", 1)])


def keras_needs(options):
    needs = []
    if any(key.startswith(("clip", "global_clip")) for key in options):
        needs.append("clip")
    if options.get("use_ema"):
        needs.append("ema")
    if not isinstance(options["learning_rate"], float):
        needs.append("schedule")
    return {"needs": needs} if needs else {}


def keras_cases():
    import keras

    keras.config.set_floatx("float64")

    def join(variables):
        return values(numpy.concatenate([variable.numpy() for variable in variables]))

    cases = []
    for seed, (name, called_with, splits) in enumerate(keras_options(), start=2000):
        needs = keras_needs(called_with)
        is_scheduled = "schedule" in needs.get("needs", [])
        optimizer = getattr(keras.optimizers, name)(**called_with)
        options = optimizer.get_config()
        if is_scheduled:
            schedule = called_with["learning_rate"]
            called_with = called_with | {"learning_rate": type(schedule).__name__}
        thalweg = keras_in_thalweg(name, options, float(optimizer.learning_rate))
        case = new_case("keras", keras.__version__, name, called_with, options, thalweg, seed,
                        changes={} if is_scheduled else LR_CHANGES[seed % 3], shared=True, **needs,
                        **({"splits": splits} if splits else {}))
        lengths = numpy.cumsum(splits or [ELEMENTS])[:-1]
        thetas = [keras.Variable(part, dtype="float64") for part in numpy.split(numpy.array(case["theta0"]), lengths)]
        if is_scheduled:
            case["lr_by_step"] = []
        for step in range(1, STEPS + 1):
            if lr_at(case, step) is not None:
                optimizer.learning_rate = lr_at(case, step)
            if is_scheduled:
                case["lr_by_step"].append(float(optimizer.learning_rate))
            parts = numpy.split(numpy.array(case["grads"][step - 1]), lengths)
            optimizer.apply([keras.ops.convert_to_tensor(part, dtype="float64") for part in parts], thetas)
            case["theta"][str(step)] = join(thetas)
            columns = {column: values(sign * numpy.array(join(getattr(optimizer, slots))))
                       for slots, column, sign in KERAS_COLUMNS[name] if getattr(optimizer, slots, None)}
            if columns:
                case["state"][str(step)] = columns
        if options["use_ema"]:
            case["ema"] = join(optimizer._model_variables_moving_average)
        cases.append(case)
    return cases


# TensorFlow's raw operations, which TensorFlow 1's optimizers call.


def tf1_options():
    """Operation, its options and first values of its slots (slot0) of every case."""
    cases = []

    def add(name, bases, **choices):
        cases.extend((name, options) for options in combinations(bases, **choices))

    on_off = [False, True]
    lrs = [dict(lr=0.1), dict(lr=0.03)]
    rmsprop = [dict(lr=0.02, rho=0.85, epsilon=1e-3), dict(lr=0.05, rho=0.6, epsilon=1e-2)]
    betas = [dict(lr=0.02, beta1=0.8, beta2=0.95, epsilon=1e-3, m0=0.0, v0=0.0),
             dict(lr=0.05, beta1=0.6, beta2=0.9, epsilon=1e-6, m0=0.0, v0=0.0)]
    add("ResourceApplyGradientDescent", [dict(alpha=0.1)])
    add("ResourceApplyMomentum", lrs, momentum=[0.7, 0.4], use_nesterov=on_off, accum0=[0.0])
    add("ResourceApplyKerasMomentum", lrs, momentum=[0.7, 0.4], use_nesterov=on_off, accum0=[0.0])
    add("ResourceApplyRMSProp", rmsprop, momentum=[0.0, 0.7], ms0=[1.0, 0.0], mom0=[0.0])
    add("ResourceApplyRMSProp", rmsprop, momentum=[0.7], ms0=[1.0, 0.2], mom0=[0.05])
    add("ResourceApplyCenteredRMSProp", rmsprop, momentum=[0.0, 0.7], ms0=[1.0, 0.3], mom0=[0.0], mg0=[0.0])
    add("ResourceApplyCenteredRMSProp", rmsprop, momentum=[0.7], ms0=[1.0, 0.5], mom0=[0.0, 0.05], mg0=[0.1])
    add("ResourceApplyAdagrad", lrs, accum0=[0.1, 0.5])
    add("ResourceApplyAdagradV2", lrs, epsilon=[1e-3, 0.1], accum0=[0.0, 0.1])
    add("ResourceApplyAdadelta", [dict(lr=0.5), dict(lr=2.0)], rho=[0.8, 0.95], epsilon=[1e-3, 1e-2], accum0=[0.0],
        accum_update0=[0.0])
    add("ResourceApplyAdam", betas, use_nesterov=[False])
    add("ResourceApplyAdam", [betas[0]], epsilon=[1e-8, 0.1])
    add("ResourceApplyAdamWithAmsgrad", betas, vhat0=[0.0], epsilon=[1e-3, 1e-6])
    add("ResourceApplyAdaMax", betas, epsilon=[1e-8, 1e-3, 0.2])
    return cases


# Rule and the slots' names in thalweg, with their sign there.
TF1_RULES = {
    "ResourceApplyGradientDescent": ("sgd", {}),
    "ResourceApplyMomentum": ("sgd", {"accum": ("b", 1)}),
    "ResourceApplyKerasMomentum": ("sgd", {"accum": ("b", -1)}),
    "ResourceApplyRMSProp": ("rmsprop", {"ms": ("v", 1), "mom": ("b", 1)}),
    "ResourceApplyCenteredRMSProp": ("rmsprop", {"mg": ("m", 1), "ms": ("v", 1), "mom": ("b", 1)}),
    "ResourceApplyAdagrad": ("adagrad", {"accum": ("v", 1)}),
    "ResourceApplyAdagradV2": ("adagrad", {"accum": ("v", 1)}),
    "ResourceApplyAdadelta": ("adadelta", {"accum": ("v", 1), "accum_update": ("u", 1)}),
    "ResourceApplyAdam": ("adam", {"m": ("m", 1), "v": ("v", 1)}),
    "ResourceApplyAdamWithAmsgrad": ("amsgrad", {"m": ("m", 1), "v": ("v", 1), "vhat": ("x", 1)}),
    "ResourceApplyAdaMax": ("adamax", {"m": ("m", 1), "v": ("u", 1)}),
}


def tf1_in_thalweg(name, o):
    """Rule and options in thalweg's words."""
    rule = TF1_RULES[name][0]
    words = {"lr": o.get("lr", o.get("alpha"))}
    if "epsilon" in o:
        words["eps"] = o["epsilon"]
    if "momentum" in o:
        words["momentum"] = o["momentum"]
    if rule == "sgd":
        return rule, words | {"nesterov": o.get("use_nesterov", False),
                              "lr_in_momentum": name == "ResourceApplyKerasMomentum"}
    if rule == "rmsprop":
        return rule, words | {"alpha": o["rho"], "eps_inside": True, "lr_in_momentum": True, "centered": "mg0" in o,
                              "initial_accumulator_value": o["ms0"]}
    if rule == "adagrad":
        return rule, {"eps": 0.0} | words | {"eps_inside": False, "initial_accumulator_value": o["accum0"]}
    if rule == "adadelta":
        return rule, words | {"rho": o["rho"]}
    words |= {"beta1": o["beta1"], "beta2": o["beta2"]}
    if rule == "adamax":
        return rule, words | {"eps_beside": True}
    return rule, words | {"amsgrad": rule == "amsgrad", "eps_before_correction": True}


def tf1_cases():
    import tensorflow as tf

    def variable(value):
        return tf.Variable(value, dtype=tf.float64)

    cases = []
    for seed, (name, options) in enumerate(tf1_options(), start=3000):
        first_state = {column: options[slot + "0"] for slot, (column, _) in TF1_RULES[name][1].items()
                       if slot in ("mom", "mg") and options[slot + "0"] != 0}
        others = {"needs": ["first_state"], "first_state": first_state} if first_state else {}
        case = new_case("tf1", tf.__version__, name, options, options, tf1_in_thalweg(name, options), seed,
                        changes=LR_CHANGES[seed % 3], shared=True, **others)
        theta = variable(case["theta0"])
        slots = {slot: variable([options[slot + "0"]] * ELEMENTS) for slot in TF1_RULES[name][1]}
        lr = options.get("lr", options.get("alpha"))
        for step in range(1, STEPS + 1):
            lr = lr_at(case, step) or lr
            powers = {"beta1_power": options.get("beta1", 0) ** step, "beta2_power": options.get("beta2", 0) ** step}
            numeric = options | powers | {"lr": lr, "alpha": lr}
            arguments = {"var": theta.handle}
            for argument in inspect.signature(getattr(tf.raw_ops, name)).parameters:
                if argument in slots:
                    arguments[argument] = slots[argument].handle
                elif argument in ("grad", "delta"):
                    arguments[argument] = tf.constant(case["grads"][step - 1], dtype=tf.float64)
                elif argument == "use_nesterov":
                    arguments[argument] = options.get("use_nesterov", False)
                elif argument in numeric:
                    arguments[argument] = tf.constant(numeric[argument], dtype=tf.float64)
            getattr(tf.raw_ops, name)(**arguments)
            case["theta"][str(step)] = values(theta)
            # Without momentum TensorFlow keeps the step itself in its slot.
            columns = {column: values(sign * slots[slot].numpy()) for slot, (column, sign) in TF1_RULES[name][1].items()
                       if column != "b" or options["momentum"] > 0}
            if columns:
                case["state"][str(step)] = columns
        cases.append(case)
    return cases


PEERS = {"torch": torch_cases, "optax": optax_cases, "keras": keras_cases, "tf1": tf1_cases}


def main(peers):
    unknown = set(peers) - set(PEERS)
    if unknown:
        sys.exit(f"make.py: no peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    if len(peers) == 1:
        write(peers[0], PEERS[peers[0]]())
        return
    results = [subprocess.run([sys.executable, __file__, peer]).returncode for peer in peers or PEERS]
    sys.exit(1 if any(results) else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
