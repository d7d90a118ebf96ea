"""Recordings of Optax."""

import inspect
import itertools

import numpy

from recording import (LR_CHANGES, LR_EVERY_STEP, MATRICES, SHAPES, STEPS, combinations, is_averaged, new_case,
                       of_shapes, parts, record_average, values)


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
    if name == "adafactor":
        return "adafactor", {
            "lr": 1.0 if o["learning_rate"] is None else o["learning_rate"], "beta2_decay": -o["decay_rate"],
            "decay_offset": o["decay_offset"], "eps1": o["eps"], "eps2": 1e-3, "eps_inside": True,
            "clip_threshold": o["clipping_threshold"] or 0.0, "momentum": o["momentum"] or 0.0,
            "weight_decay": o["weight_decay_rate"] or 0.0, "decay_without_lr": True, "relative_step": False,
            "scale_parameter": o["multiply_by_parameter_scale"], "factored": o["factored"],
            "min_dim_size_to_factor": o["min_dim_size_to_factor"]}
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
    if name == "lars":
        return "lars", words | momentum | {
            "lr_in_momentum": True, "weight_decay": o["weight_decay"], "trust_coefficient": o["trust_coefficient"],
            "eps": o["eps"], "always_adapt": True, "norm_of_sum": True}
    words |= {"beta1": o["b1"], "beta2": o["b2"]}
    if name == "lamb":
        return "lamb", words | {"eps": o["eps"], "eps_root": o["eps_root"], "weight_decay": o["weight_decay"],
                                "decoupled_weight_decay": False, "always_adapt": True}
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


def joined(tree):
    """The numbers of all parameters, one after another."""
    import jax

    return values(numpy.concatenate([numpy.ravel(leaf) for leaf in jax.tree_util.tree_leaves(tree)]))


def columns_in_thalweg(name, state):
    import jax

    columns = {}
    for part in jax.tree_util.tree_leaves(state, is_leaf=lambda x: hasattr(x, "_fields")):
        for field, column in COLUMNS.items():
            if hasattr(part, field):
                if name in ("adamax", "adamaxw") and field == "nu":
                    column = "u"
                # rmsprop's trace holds −η g / d, that of lars −η u.
                sign = -1 if name in ("rmsprop", "lars") and field == "trace" else 1
                columns[column] = values(sign * numpy.asarray(joined(getattr(part, field))))
    return columns


def factored_columns(shapes, state):
    """Those of adafactor: each is a parameter's where it has more than the one number that stands for none."""
    import optax

    columns = {}

    def add(column, arrays):
        if arrays:
            columns[column] = joined(arrays)

    for part in state:
        if hasattr(part, "v_row"):
            # `v_row` is what remains where the longer side is averaged away.
            pairs = [(row, column) if shape[0] <= shape[-1] else (column, row)
                     for shape, row, column in zip(shapes, part.v_row, part.v_col) if row.shape != (1,)]
            add("v", [v for v, row, shape in zip(part.v, part.v_row, shapes) if row.shape == (1,)])
            add("r", [row for row, _ in pairs])
            add("c", [column for _, column in pairs])
        if isinstance(part, optax.EmaState):
            add("m", part.ema)
    return columns


def further():
    """Function, options, changes of the learning rate and way of the cases beyond one parameter in float64."""
    sgd = dict(learning_rate=0.1, momentum=0.7)
    rmsprop = dict(learning_rate=0.02, decay=0.85, eps=1e-3, momentum=0.6, centered=True, initial_scale=0.3)
    adamw = dict(learning_rate=0.02, b1=0.8, b2=0.95, eps=1e-3, weight_decay=0.3)
    rules = [
        ("sgd", sgd | dict(nesterov=True)), ("rmsprop", rmsprop),
        ("rmsprop", dict(learning_rate=0.05, decay=0.6, eps=1e-2, momentum=0.7, nesterov=True, bias_correction=True)),
        ("adagrad", dict(learning_rate=0.2, eps=1e-3)), ("adadelta", dict(learning_rate=2.0, eps=1e-2)),
        ("adam", dict(learning_rate=0.05, b1=0.6, b2=0.9, eps=1e-6, eps_root=1e-2)), ("adamw", adamw),
        ("nadam", dict(learning_rate=0.05, b1=0.6, b2=0.9, eps=1e-6)), ("amsgrad", dict(learning_rate=0.02, b1=0.8)),
        ("adamax", dict(learning_rate=0.05, b1=0.4, b2=0.5, eps=0.2)),
        ("radam", dict(learning_rate=0.05, b2=0.5)), ("lion", dict(learning_rate=0.02, b1=0.8, weight_decay=0.0)),
    ]

    def clip(by, limit):
        return {"clip": {"by": by, "limit": limit} | ({} if by == "value" else {"eps": 0.0})}

    def ema(decay, start=1, every=1):
        return {"average": {"kind": "ema", "decay": decay, "bias_correction": True, "start": start, "every": every}}

    for name, options in (("sgd", sgd), ("rmsprop", rmsprop), ("adamw", adamw)):
        for by, limit in (("value", 0.5), ("global_norm", 1.1)):
            for splits in ([1, 3], [2, 1, 1]):
                yield name, options, {}, clip(by, limit) | {"splits": splits}
        yield name, options, LR_CHANGES[1], ema(0.8) | {"splits": [3, 1]}
        yield name, options, {}, ema(0.6, start=2, every=3)
    yield "sgd", sgd, {}, clip("global_norm", 1000.0)  # never reached
    yield "rmsprop", rmsprop, LR_CHANGES[1], clip("global_norm", 1.5) | ema(0.7, start=4) | {"splits": [1, 1, 2]}

    for name, options in rules:
        yield name, options, LR_CHANGES[2], {"splits": [1, 3]}
        yield name, options, LR_EVERY_STEP, {}
        yield name, options, {}, {"dtype": "float32"}
        if not options.get("weight_decay"):
            yield name, options, LR_CHANGES[1], {"shape": [5, 2]}


def shaped():
    """Function, options, changes of the learning rate and way of the cases whose parameters' shapes matter."""
    changes = itertools.cycle(LR_CHANGES)
    lamb = [dict(learning_rate=0.02, b1=0.8, b2=0.95, eps=1e-3), dict(learning_rate=0.3, b1=0.6, b2=0.9),
            dict(learning_rate=0.05, eps=0.1)]
    for options in combinations(lamb, shapes=SHAPES, weight_decay=[0.0, 0.3], eps_root=[0.0, 1e-2]):
        yield "lamb", options, next(changes), of_shapes(options.pop("shapes"))
    lars = [dict(learning_rate=0.5, trust_coefficient=0.2), dict(learning_rate=20.0, momentum=0.6, eps=1e-2),
            dict(learning_rate=0.1, trust_coefficient=0.7, momentum=0.0, eps=0.5)]
    for options in combinations(lars, shapes=SHAPES, weight_decay=[0.0, 0.3], nesterov=[False, True]):
        yield "lars", options, next(changes), of_shapes(options.pop("shapes"))
    adafactor = [
        dict(learning_rate=0.02, decay_rate=0.6, clipping_threshold=0.7), dict(learning_rate=0.5, eps=0.2),
        dict(decay_offset=-3, min_dim_size_to_factor=3), dict(learning_rate=0.1, clipping_threshold=None, eps=1e-3),
        dict(learning_rate=0.05, eps=1e-8, factored=False)]
    sets = combinations(adafactor, shapes=MATRICES, momentum=[None, 0.7], weight_decay_rate=[None, 0.03],
                        multiply_by_parameter_scale=[True, False])
    for options, least in zip(sets, itertools.cycle([3, 4, 3])):
        way = of_shapes(options.pop("shapes")) | {"rtol": 1e-5}  # t^−decay_rate is a float32
        options = {key: value for key, value in options.items() if value is not None or key == "clipping_threshold"}
        options |= {"dtype_momentum": "float64"} if "momentum" in options else {}
        yield "adafactor", dict(min_dim_size_to_factor=least) | options, \
            next(changes) if "learning_rate" in options else {}, way
    for shapes, name, options in [
        (SHAPES[0], "lamb", lamb[0] | dict(weight_decay=0.3)), (SHAPES[1], "lamb", dict(learning_rate=0.1)),
        (SHAPES[2], "lars", lars[1] | dict(weight_decay=0.3)), (SHAPES[0], "lars", lars[0] | dict(nesterov=True)),
        (MATRICES[1], "adafactor", adafactor[0] | dict(min_dim_size_to_factor=2, momentum=0.7)),
        (MATRICES[3], "adafactor", dict(learning_rate=0.1, min_dim_size_to_factor=1, weight_decay_rate=0.03)),
    ]:
        yield name, options, LR_EVERY_STEP, of_shapes(shapes) | {"dtype": "float32"}


def run(seed, name, options, *, changes, way={}):
    """A case with its results."""
    import jax.numpy
    import optax

    function = getattr(optax, name)
    with_defaults = {k: p.default for k, p in inspect.signature(function).parameters.items()} | options
    case = new_case("optax", optax.__version__, name, options, options, in_thalweg(name, with_defaults), seed,
                    changes=changes, shared=True, way=way)

    def scheduled(count, schedule=case.get("lr_schedule", [])):
        lr = schedule[0][1]
        for step, then in schedule[1:]:
            lr = jax.numpy.where(count + 1 < step, lr, then)
        return lr

    def arrays(numbers):
        return [jax.numpy.asarray(part, dtype=case["dtype"]) for part in parts(case, numbers)]

    optimizer = function(**options | ({"learning_rate": scheduled} if "lr_schedule" in case else {}))
    if "clip" in case:
        clip = optax.clip if case["clip"]["by"] == "value" else optax.clip_by_global_norm
        optimizer = optax.chain(clip(case["clip"]["limit"]), optimizer)
    thetas = arrays(case["theta0"])
    state = optimizer.init(thetas)
    if "average" in case:
        average = optax.ema(case["average"]["decay"], debias=case["average"]["bias_correction"])
        averages, average_state = None, average.init(thetas)
    for step in range(1, STEPS + 1):
        updates, state = optimizer.update(arrays(case["grads"][step - 1]), state, thetas)
        thetas = optax.apply_updates(thetas, updates)
        assert all(theta.dtype == case["dtype"] for theta in thetas)
        case["theta"][str(step)] = joined(thetas)
        if name == "adafactor":
            columns = factored_columns(case["shapes"], state)
        else:
            columns = columns_in_thalweg(name, state)
        if name == "lars" and with_defaults["momentum"] == 0:
            columns = {}  # its trace is the step itself
        if columns:
            case["state"][str(step)] = columns
        if "average" in case:
            if is_averaged(case, step):
                averages, average_state = average.update(thetas, average_state)
            record_average(case, step, averages and joined(averages))
    return case


def record():
    cases = [run(seed, name, options, changes=LR_CHANGES[seed % 3])
             for seed, (name, options) in enumerate(option_sets(), start=1000)]
    return cases + [run(seed, name, options, changes=changes, way=way)
                    for start, more in ((1500, further()), (1800, shaped()))
                    for seed, (name, options, changes, way) in enumerate(more, start=start)]
