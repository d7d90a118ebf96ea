"""Recordings of Keras 2's optimizers (OptimizerV2, up to 2.10), which tf-keras keeps as tf_keras.optimizers.legacy.

They keep their options as float32, whatever the variables are, and compute schedules in it: so options and rates here
are numbers that a float32 holds. Constants (Nadam's 0.96, `decay`) they cast through float32: here they are exact.
"""

import numpy

from recording import LR_CHANGES, STEPS, combinations, lr_at, new_case, split, values

LR_EVERY_STEP = {2: 0.75, 3: 1.25, 4: 0.5, 5: 2.0, 6: 0.875, 7: 0.25, 8: 1.5}


def option_sets():
    """Class, options and the lengths of the variables of every case."""
    from tf_keras.optimizers import schedules

    cases = []

    def add(name, bases, splits=None, **choices):
        cases.extend((name, options, splits) for options in combinations(bases, **choices))

    on_off = [False, True]
    decay = [0.0, 0.3]
    betas = [dict(learning_rate=2**-5, beta_1=0.75, beta_2=0.9375, epsilon=1e-3),
             dict(learning_rate=2**-4, beta_1=0.625, beta_2=0.875, epsilon=1e-6)]
    sgd = [dict(learning_rate=0.125), dict(learning_rate=2**-5)]
    rmsprop = [dict(learning_rate=2**-5, rho=0.875, epsilon=1e-3), dict(learning_rate=2**-4, rho=0.625, epsilon=1e-2)]
    adagrad = [dict(learning_rate=0.25, epsilon=1e-3), dict(learning_rate=0.5, epsilon=0.1)]
    adadelta = [dict(learning_rate=0.5, rho=0.75, epsilon=1e-3), dict(learning_rate=2.0, rho=0.9375, epsilon=1e-2)]
    add("SGD", sgd, momentum=[0.0, 0.75], nesterov=on_off, decay=decay)
    add("RMSprop", rmsprop, centered=on_off, momentum=[0.0, 0.75], decay=decay)
    add("RMSprop", [dict(learning_rate=0.125, rho=0.5)], centered=on_off, momentum=[0.0, 0.5])
    add("Adagrad", adagrad, initial_accumulator_value=[0.0, 0.4], decay=decay)
    add("Adagrad", [dict(learning_rate=0.25)])
    add("Adadelta", adadelta, decay=decay)
    add("Adam", betas, amsgrad=on_off, decay=decay)
    add("Adam", [dict(learning_rate=0.125, beta_1=0.5, beta_2=0.5)])
    add("Adamax", betas, decay=decay)
    add("Adamax", [dict(learning_rate=0.125, beta_1=0.5, beta_2=0.5, epsilon=0.2)])
    add("Nadam", betas, schedule_decay=[0.004, 0.3, 0.0])
    add("Nadam", betas)

    momentum = dict(momentum=0.75)
    for clip in (dict(clipnorm=0.9), dict(global_clipnorm=1.1), dict(clipvalue=0.5)):
        add("SGD", [sgd[0] | momentum | clip], [1, 3])
        add("RMSprop", [rmsprop[0] | clip | dict(centered=True)], [2, 2])
        add("Adam", [betas[0] | clip], [1, 1, 2])
    add("Nadam", [betas[0] | dict(clipnorm=0.9)], [1, 1, 1, 1])

    halves = schedules.ExponentialDecay(0.125, decay_steps=3, decay_rate=0.5, staircase=True)
    pieces = schedules.PiecewiseConstantDecay([2, 5], [0.125, 0.03125, 0.25])
    add("SGD", [momentum | dict(learning_rate=halves)])
    add("RMSprop", [rmsprop[0] | dict(learning_rate=pieces)])
    add("Adam", [betas[0] | dict(learning_rate=pieces)])
    return cases


def further():
    """Class, options, changes of the learning rate and way of the cases beyond one parameter in float64."""
    betas = dict(learning_rate=2**-4, beta_1=0.625, beta_2=0.875, epsilon=1e-6)
    rmsprop = dict(learning_rate=2**-5, rho=0.875, epsilon=1e-3)
    rules = [
        ("SGD", dict(learning_rate=0.125, momentum=0.75, nesterov=True)),
        ("RMSprop", rmsprop), ("RMSprop", rmsprop | dict(centered=True)),
        ("RMSprop", rmsprop | dict(centered=True, momentum=0.75)),
        ("Adagrad", dict(learning_rate=0.25, epsilon=1e-3, initial_accumulator_value=0.4)),
        ("Adadelta", dict(learning_rate=2.0, rho=0.9375, epsilon=1e-2)), ("Adam", betas | dict(amsgrad=True)),
        ("Adamax", betas), ("Nadam", betas | dict(schedule_decay=0.3)),
    ]
    for name, options in rules:
        yield name, options, LR_CHANGES[2], {"splits": [1, 3]}
        yield name, options, LR_CHANGES[1], {"splits": [1, 3], "without": {3: 0, 5: 1, 6: 1}}
        yield name, options, LR_EVERY_STEP, {}
        yield name, options, {}, {"dtype": "float32"}


def in_thalweg(name, o, lr):
    """Rule and options in thalweg's words, from `get_config()`."""
    words = {"lr": lr}
    if name == "SGD":
        return "sgd", words | {"momentum": o["momentum"], "nesterov": o["nesterov"], "lr_in_momentum": True}
    words["eps"] = o["epsilon"]
    if name == "RMSprop":
        return "rmsprop", words | {"alpha": o["rho"], "eps_inside": o["momentum"] > 0, "momentum": o["momentum"],
                                   "lr_in_momentum": True, "centered": o["centered"]}
    if name == "Adagrad":
        return "adagrad", words | {"initial_accumulator_value": o["initial_accumulator_value"]}
    if name == "Adadelta":
        return "adadelta", words | {"rho": o["rho"]}
    words |= {"beta1": o["beta_1"], "beta2": o["beta_2"]}
    if name == "Adamax":
        return "adamax", words | {"eps_beside": True}
    if name == "Nadam":
        return "nadam", words | {"momentum_decay": o["decay"], "momentum_schedule": True}
    return ("amsgrad" if o["amsgrad"] else "adam"), words | {"amsgrad": o["amsgrad"], "eps_before_correction": True}


# Name of a slot, its name in thalweg, the sign that it has there.
COLUMNS = {
    "SGD": [("momentum", "b", -1)],
    "RMSprop": [("rms", "v", 1), ("mg", "m", 1), ("momentum", "b", 1)],
    "Adagrad": [("accumulator", "v", 1)],
    "Adadelta": [("accum_grad", "v", 1), ("accum_var", "u", 1)],
    "Adam": [("m", "m", 1), ("v", "v", 1), ("vhat", "x", 1)],
    "Adamax": [("m", "m", 1), ("v", "u", 1)],
    "Nadam": [("m", "m", 1), ("v", "v", 1)],
}


def cast_exactly():
    """Casts Python's numbers to float64 as they are, where TensorFlow makes a float32 of them first."""
    import tensorflow
    from tf_keras.src.optimizers.legacy import nadam

    cast = tensorflow.cast
    nadam.tf.cast = lambda x, dtype, name=None: (tensorflow.constant(x, dtype, name=name) if isinstance(x, float)
                                                 else cast(x, dtype, name))


def needs_of(options):
    needs = []
    if any(key.startswith(("clip", "global_clip")) for key in options):
        needs.append("clip")
    if not isinstance(options["learning_rate"], float) or options.get("decay", 0) > 0:
        needs.append("schedule")
    return {"needs": needs} if needs else {}


def run(seed, name, called_with, *, changes, way={}, **splits):
    """A case with its results."""
    import tensorflow
    import tf_keras

    needs = needs_of(called_with)
    is_scheduled = "schedule" in needs.get("needs", [])
    optimizer = getattr(tf_keras.optimizers.legacy, name)(**called_with)
    options = optimizer.get_config()
    if not isinstance(called_with["learning_rate"], float):
        called_with = called_with | {"learning_rate": type(called_with["learning_rate"]).__name__}
    without = way.get("without", {})
    optimizer.iterations  # makes the options' variables
    optimizer._create_hypers()
    thalweg = in_thalweg(name, options, float(optimizer._decayed_lr(tensorflow.float64)))
    case = new_case("keras2", tf_keras.__version__, name, called_with, options, thalweg, seed,
                    changes={} if is_scheduled else changes, shared=True,
                    way={key: value for key, value in way.items() if key != "without"}, **needs, **splits)
    if without:
        case["id"] += ", gradients missing"

    def joined(variables):
        return values(numpy.concatenate([variable.numpy().ravel() for variable in variables]))

    thetas = [tensorflow.Variable(part, dtype=case["dtype"]) for part in split(case, case["theta0"])]
    if is_scheduled:
        case["lr_by_step"] = []
    for step in range(1, STEPS + 1):
        if lr_at(case, step) is not None:
            optimizer.learning_rate = lr_at(case, step)
        if is_scheduled:
            case["lr_by_step"].append(float(optimizer._decayed_lr(tensorflow.float64)))
        gradients = [tensorflow.constant(part, dtype=case["dtype"]) for part in split(case, case["grads"][step - 1])]
        if step in without:
            gradients[without[step]] = None
            parts = split(case, case["grads"][step - 1])
            case["grads"][step - 1] = [number for i, part in enumerate(parts)
                                       for number in (values(part) if i != without[step] else [None] * len(part))]
        optimizer.apply_gradients(zip(gradients, thetas))
        case["theta"][str(step)] = joined(thetas)
        columns = {column: values(sign * numpy.array(joined([optimizer.get_slot(theta, slot) for theta in thetas])))
                   for slot, column, sign in COLUMNS[name] if slot in optimizer.get_slot_names()}
        if columns:
            case["state"][str(step)] = columns
    return case


def record():
    cast_exactly()
    cases = [run(seed, name, called_with, changes=LR_CHANGES[seed % 3], **({"splits": splits} if splits else {}))
             for seed, (name, called_with, splits) in enumerate(option_sets(), start=6000)]
    return cases + [run(seed, name, called_with, changes=changes, way=way)
                    for seed, (name, called_with, changes, way) in enumerate(further(), start=6500)]
