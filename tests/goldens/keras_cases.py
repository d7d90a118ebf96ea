"""Recordings of Keras' optimizers, on JAX."""

import itertools

import numpy

from recording import (LR_CHANGES, LR_EVERY_STEP, SHAPES, STEPS, combinations, lr_at, new_case, of_shapes, parts,
                       values)


def option_sets():
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


def in_thalweg(name, o, lr):
    """Rule and options in thalweg's words, from `get_config()`."""
    words = {"lr": lr}
    decay = {"weight_decay": o["weight_decay"] or 0.0, "decoupled_weight_decay": True}
    if name == "SGD":
        return "sgd", words | decay | {"momentum": o["momentum"], "nesterov": o["nesterov"], "lr_in_momentum": True}
    if name == "Lion":
        return "lion", words | decay | {"beta1": o["beta_1"], "beta2": o["beta_2"]}
    if name == "Adafactor":
        # `relative_step` does nothing: the peer takes the smaller of η and 1/√t in any case.
        return "adafactor", words | {
            "beta2_decay": o["beta_2_decay"], "eps1": o["epsilon_1"], "eps2": o["epsilon_2"], "eps_inside": True,
            "clip_threshold": o["clip_threshold"], "weight_decay": decay["weight_decay"], "decay_first": True,
            "relative_step": True, "scale_parameter": True}
    words |= decay | {"eps": o["epsilon"]}
    if name == "RMSprop":
        return "rmsprop", words | {"alpha": o["rho"], "eps_inside": True, "momentum": o["momentum"],
                                   "lr_in_momentum": True, "centered": o["centered"]}
    if name == "Adagrad":
        return "adagrad", words | {"eps_inside": True, "initial_accumulator_value": o["initial_accumulator_value"]}
    if name == "Adadelta":
        return "adadelta", words | {"rho": o["rho"]}
    words |= {"beta1": o["beta_1"], "beta2": o["beta_2"]}
    if name == "Lamb":
        return "lamb", words | {"always_adapt": True}
    if name == "Adamax":
        return "adamax", words | {"eps_beside": True}
    if name == "Nadam":
        return "nadam", words | {"momentum_decay": 1.0, "momentum_schedule": True}
    rule = "amsgrad" if o["amsgrad"] else name.lower()
    return rule, words | {"amsgrad": o["amsgrad"], "eps_before_correction": True}


# List of variables' slots, its name in thalweg, the sign that it has there.
COLUMNS = {
    "SGD": [("momentums", "b", -1)],
    "RMSprop": [("_velocities", "v", 1), ("_average_gradients", "m", 1), ("_momentums", "b", 1)],
    "Adagrad": [("_accumulators", "v", 1)],
    "Adadelta": [("_accumulated_grads", "v", 1), ("_accumulated_delta_vars", "u", 1)],
    "Adamax": [("_m", "m", 1), ("_u", "u", 1)],
    "Lion": [("_momentums", "m", 1)],
    "Adafactor": [("_v", "v", 1), ("_r", "r", 1), ("_c", "c", 1)],
} | dict.fromkeys(("Adam", "AdamW", "Nadam", "Lamb"),
                  [("_momentums", "m", 1), ("_velocities", "v", 1), ("_velocity_hats", "x", 1)])


def slots_of(optimizer, slots, thetas):
    """The parameters' own: Adafactor's other slots hold a single 0, and `_v` of a matrix what r and c give."""
    variables = getattr(optimizer, slots, None) or []
    if slots in ("_r", "_c", "_v"):
        return [variable for variable, theta in zip(variables, thetas) if (theta.ndim < 2) == (slots == "_v")]
    return variables


def needs_of(options):
    needs = []
    if any(key.startswith(("clip", "global_clip")) for key in options):
        needs.append("clip")
    if options.get("use_ema"):
        needs.append("ema")
    if not isinstance(options.get("learning_rate", 0.0), float):
        needs.append("schedule")
    return {"needs": needs} if needs else {}


def further():
    """Class, options, changes of the learning rate and way of the cases beyond one parameter in float64."""
    betas = dict(learning_rate=0.05, beta_1=0.6, beta_2=0.9, epsilon=1e-6)
    rules = [
        ("SGD", dict(learning_rate=0.1, momentum=0.7, nesterov=True)),
        ("RMSprop", dict(learning_rate=0.02, rho=0.85, epsilon=1e-3, momentum=0.7, centered=True)),
        ("Adagrad", dict(learning_rate=0.2, epsilon=1e-3, initial_accumulator_value=0.4)),
        ("Adadelta", dict(learning_rate=2.0, epsilon=1e-2)), ("Adam", betas | dict(amsgrad=True)),
        ("AdamW", betas | dict(weight_decay=0.3)), ("Adamax", betas), ("Nadam", betas),
        ("Lion", dict(learning_rate=0.02, beta_1=0.8, beta_2=0.95)),
    ]
    for name, options in rules:
        yield name, options, LR_CHANGES[2], {"splits": [1, 3]}
        yield name, options, LR_EVERY_STEP, {}
        yield name, options, {}, {"dtype": "float32"}
        if "weight_decay" not in options:
            yield name, options, LR_CHANGES[1], {"shape": [5, 2]}


def shaped():
    """Class, options, changes of the learning rate and way of the cases whose parameters' shapes matter."""
    from keras.optimizers import schedules

    changes = itertools.cycle(LR_CHANGES)
    in_float = {"rtol": 5e-5}  # the peer's means are float32
    lamb = [dict(learning_rate=0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-3),
            dict(learning_rate=0.3, beta_1=0.6, beta_2=0.9), dict(learning_rate=0.05, epsilon=0.1)]
    for options in combinations(lamb, shapes=SHAPES, weight_decay=[None, 0.3, 0.1]):
        yield "Lamb", options, next(changes), of_shapes(options.pop("shapes"))
    adafactor = [dict(learning_rate=0.02, epsilon_1=0.2, clip_threshold=0.7),
                 dict(learning_rate=1.5, beta_2_decay=-0.6, epsilon_2=0.6, clip_threshold=1.3),
                 dict(learning_rate=0.05, beta_2_decay=-1.0, epsilon_1=1e-3, epsilon_2=0.01)]
    for options in combinations(adafactor, shapes=SHAPES, weight_decay=[None, 0.3], relative_step=[True, False]):
        yield "Adafactor", options, next(changes), of_shapes(options.pop("shapes")) | in_float
    decay = schedules.ExponentialDecay(0.8, decay_steps=3, decay_rate=0.6)
    yield "Lamb", lamb[0] | dict(learning_rate=decay, weight_decay=0.1), {}, of_shapes(SHAPES[0])
    yield "Adafactor", adafactor[0] | dict(learning_rate=decay), {}, of_shapes(SHAPES[1]) | in_float
    clip, ema = dict(global_clipnorm=1.1), dict(use_ema=True, ema_momentum=0.8)
    yield "Lamb", lamb[1] | clip | ema, {}, of_shapes(SHAPES[2])
    yield "Adafactor", adafactor[1] | clip, {}, of_shapes(SHAPES[0]) | in_float
    for shapes, name, options in [(SHAPES[0], "Lamb", lamb[0] | dict(weight_decay=0.3)), (SHAPES[1], "Lamb", {}),
                                  (SHAPES[2], "Adafactor", adafactor[0] | dict(weight_decay=0.3)),
                                  (SHAPES[0], "Adafactor", {})]:
        yield name, options, LR_EVERY_STEP, of_shapes(shapes) | {"dtype": "float32"}


def run(seed, name, called_with, *, changes, way={}, **splits):
    """A case with its results."""
    import keras

    keras.config.set_floatx(way.get("dtype", "float64"))
    needs = needs_of(called_with)
    is_scheduled = "schedule" in needs.get("needs", [])
    optimizer = getattr(keras.optimizers, name)(**called_with)
    options = optimizer.get_config()
    if is_scheduled:
        schedule = called_with["learning_rate"]
        called_with = called_with | {"learning_rate": type(schedule).__name__}
    thalweg = in_thalweg(name, options, float(optimizer.learning_rate))
    case = new_case("keras", keras.__version__, name, called_with, options, thalweg, seed,
                    changes={} if is_scheduled else changes, shared=True, way=way, **needs, **splits)

    def arrays(numbers):
        return [part.astype(case["dtype"]) for part in parts(case, numbers)]

    def joined(variables):
        return values(numpy.concatenate([variable.numpy().ravel() for variable in variables]))

    thetas = [keras.Variable(part, dtype=case["dtype"]) for part in arrays(case["theta0"])]
    if is_scheduled:
        case["lr_by_step"] = []
    for step in range(1, STEPS + 1):
        if lr_at(case, step) is not None:
            optimizer.learning_rate = lr_at(case, step)
        if is_scheduled:
            case["lr_by_step"].append(float(optimizer.learning_rate))
        optimizer.apply([keras.ops.convert_to_tensor(part) for part in arrays(case["grads"][step - 1])], thetas)
        case["theta"][str(step)] = joined(thetas)
        columns = {column: values(sign * numpy.array(joined(slots_of(optimizer, slots, thetas))))
                   for slots, column, sign in COLUMNS[name] if slots_of(optimizer, slots, thetas)}
        if columns:
            case["state"][str(step)] = columns
    if options["use_ema"]:
        case["ema"] = joined(optimizer._model_variables_moving_average)
    return case


def record():
    cases = [run(seed, name, called_with, changes=LR_CHANGES[seed % 3], **({"splits": splits} if splits else {}))
             for seed, (name, called_with, splits) in enumerate(option_sets(), start=2000)]
    return cases + [run(seed, name, called_with, changes=changes, way=way)
                    for start, more in ((2500, further()), (2700, shaped()))
                    for seed, (name, called_with, changes, way) in enumerate(more, start=start)]
