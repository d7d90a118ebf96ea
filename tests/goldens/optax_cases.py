"""Recordings of Optax."""

import inspect
import itertools

import numpy

from recording import LR_CHANGES, STEPS, combinations, new_case, values


def option_sets():
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


def in_thalweg(name, o):
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


COLUMNS = {"mu": "m", "nu": "v", "nu_max": "x", "trace": "b", "e_g": "v", "e_x": "u", "sum_of_squares": "v"}


def columns_in_thalweg(name, state):
    import jax

    columns = {}
    for part in jax.tree_util.tree_leaves(state, is_leaf=lambda x: hasattr(x, "_fields")):
        for field, column in COLUMNS.items():
            if hasattr(part, field):
                if name in ("adamax", "adamaxw") and field == "nu":
                    column = "u"
                # rmsprop's trace holds −η g / d.
                sign = -1 if name == "rmsprop" and field == "trace" else 1
                columns[column] = values(sign * numpy.asarray(getattr(part, field)))
    return columns


def record():
    import jax.numpy
    import optax

    cases = []
    for seed, (name, options) in enumerate(option_sets(), start=1000):
        function = getattr(optax, name)
        with_defaults = {k: p.default for k, p in inspect.signature(function).parameters.items()} | options
        case = new_case("optax", optax.__version__, name, options, options, in_thalweg(name, with_defaults), seed,
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
            columns = columns_in_thalweg(name, state)
            if columns:
                case["state"][str(step)] = columns
        cases.append(case)
    return cases
