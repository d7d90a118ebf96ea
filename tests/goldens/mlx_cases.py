"""Recordings of MLX's optimizers, which compute in float32."""

import numpy

from recording import LR_CHANGES, LR_EVERY_STEP, STEPS, combinations, lr_at, new_case, split, values


def option_sets():
    """Class and options of every case."""
    cases = []

    def add(name, bases, **choices):
        cases.extend((name, options) for options in combinations(bases, **choices))

    on_off = [False, True]
    betas = [dict(learning_rate=0.02, betas=[0.8, 0.95], eps=1e-3),
             dict(learning_rate=0.05, betas=[0.6, 0.9], eps=1e-6)]
    sgd = [dict(learning_rate=0.1), dict(learning_rate=0.03)]
    add("SGD", sgd, weight_decay=[0.0, 0.3])
    add("SGD", sgd, momentum=[0.7, 0.4], nesterov=on_off, weight_decay=[0.0, 0.3])
    add("SGD", sgd, momentum=[0.7], dampening=[0.4, 1.0], weight_decay=[0.0, 0.1])
    add("RMSprop", [dict(learning_rate=0.02, alpha=0.85), dict(learning_rate=0.05, alpha=0.6)], eps=[1e-3, 1e-2])
    add("RMSprop", [dict(learning_rate=0.1)])
    add("Adagrad", sgd, eps=[1e-3, 0.1, 1e-6])
    add("AdaDelta", [dict(learning_rate=2.0)], rho=[0.8, 0.95], eps=[1e-3, 1e-2])
    add("Adam", betas, bias_correction=on_off)
    add("AdamW", betas, bias_correction=on_off, weight_decay=[0.0, 0.3])
    add("Adamax", betas, eps=[1e-6, 1e-3, 0.2])
    add("Lion", [dict(learning_rate=0.02, betas=[0.8, 0.95]), dict(learning_rate=0.1, betas=[0.4, 0.99])],
        weight_decay=[0.0, 0.3, 0.1])
    return cases


def further():
    """Class, options, changes of the learning rate and way of the cases beyond one parameter."""
    sgd = dict(learning_rate=0.1, momentum=0.7)
    adam = dict(learning_rate=0.02, betas=[0.8, 0.95], eps=1e-3, bias_correction=True)
    for name, options in (("SGD", sgd), ("Adam", adam)):
        yield name, options, LR_EVERY_STEP, {}
        yield name, options, {}, {"splits": [1, 3]}
        yield name, options, {}, {"splits": [1, 3], "clip": {"by": "global_norm", "limit": 1.1, "eps": 1e-6}}


def in_thalweg(name, o):
    """Rule and options in thalweg's words."""
    words = {"lr": o["learning_rate"]}
    decay = {"weight_decay": o.get("weight_decay", 0.0), "decoupled_weight_decay": name != "SGD"}
    if name == "SGD":
        words |= {"momentum": o.get("momentum", 0.0), "nesterov": o.get("nesterov", False)} | decay
        if "dampening" in o:
            words |= {"dampening": o["dampening"], "dampen_first_step": True}
        return "sgd", words
    if name == "Lion":
        return "lion", words | dict(zip(("beta1", "beta2"), o["betas"])) | decay
    words["eps"] = o.get("eps", 1e-8)
    if name == "RMSprop":
        return "rmsprop", words | {"alpha": o.get("alpha", 0.99)}
    if name == "Adagrad":
        return "adagrad", words
    if name == "AdaDelta":
        return "adadelta", words | {"rho": o["rho"]}
    words |= dict(zip(("beta1", "beta2"), o["betas"]))
    if name == "Adamax":
        return "adamax", words | {"eps_beside": True, "correct_mean": False}
    words |= dict.fromkeys(("correct_mean", "correct_spread"), o["bias_correction"])
    return name.lower(), words | (decay if name == "AdamW" else {})


# Options that thalweg may not have yet.
NEEDED_OPTIONS = {"SGD": "dampen_first_step", "Adamax": "correct_mean"}

# State names that are not thalweg's.
COLUMNS = {"SGD": {"v": "b"}, "Adamax": {"v": "u"}}


def run(seed, name, options, *, changes, way={}):
    """A case with its results."""
    import importlib.metadata

    import mlx.core as mx
    import mlx.optimizers

    rule, words = in_thalweg(name, options)
    needed = NEEDED_OPTIONS.get(name)
    needs = {"needs": [needed]} if needed in words else {}
    case = new_case("mlx", importlib.metadata.version("mlx"), name, options, options, (rule, words), seed,
                    changes=changes, shared=True, way={"dtype": "float32"} | way, **needs)
    optimizer = getattr(mlx.optimizers, name)(**options)

    def arrays(numbers):
        return {f"p{i}": mx.array(part.tolist()) for i, part in enumerate(split(case, numbers))}

    def joined(tree):
        return values(numpy.concatenate([numpy.array(array) for array in tree.values()]))

    thetas = arrays(case["theta0"])
    for step in range(1, STEPS + 1):
        if lr_at(case, step) is not None:
            optimizer.learning_rate = lr_at(case, step)
        gradients = arrays(case["grads"][step - 1])
        if "clip" in case:
            gradients, _ = mlx.optimizers.clip_grad_norm(gradients, case["clip"]["limit"])
        thetas = optimizer.apply_gradients(gradients, thetas)
        assert all(theta.dtype == mx.float32 for theta in thetas.values())
        case["theta"][str(step)] = joined(thetas)
        columns = {COLUMNS.get(name, {}).get(key, key): joined({p: optimizer.state[p][key] for p in thetas})
                   for key in optimizer.state["p0"]}
        if name == "SGD" and not options.get("momentum"):
            columns = {}
        if columns:
            case["state"][str(step)] = columns
    return case


def record():
    cases = [run(seed, name, options, changes=LR_CHANGES[seed % 3])
             for seed, (name, options) in enumerate(option_sets(), start=4000)]
    return cases + [run(seed, name, options, changes=changes, way=way)
                    for seed, (name, options, changes, way) in enumerate(further(), start=4500)]
