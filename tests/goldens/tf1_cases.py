"""Recordings of TensorFlow's raw operations, which TensorFlow 1's optimizers call."""

import inspect

from recording import LR_CHANGES, LR_EVERY_STEP, STEPS, combinations, lr_at, new_case, split, values


def option_sets():
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
RULES = {
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


def in_thalweg(name, o):
    """Rule and options in thalweg's words."""
    rule = RULES[name][0]
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
    looks_ahead = {"nesterov": True, "nesterov_same_step": True} if o.get("use_nesterov") else {}
    return rule, words | {"amsgrad": rule == "amsgrad", "eps_before_correction": True} | looks_ahead


def further():
    """Operation, options, changes of the learning rate and way of the cases beyond one parameter in float64."""
    adam = dict(lr=0.02, beta1=0.8, beta2=0.95, epsilon=1e-3, m0=0.0, v0=0.0)
    rules = [
        ("ResourceApplyMomentum", dict(lr=0.1, momentum=0.7, use_nesterov=True, accum0=0.0)),
        ("ResourceApplyKerasMomentum", dict(lr=0.1, momentum=0.7, use_nesterov=False, accum0=0.0)),
        ("ResourceApplyRMSProp", dict(lr=0.02, rho=0.85, epsilon=1e-3, momentum=0.7, ms0=1.0, mom0=0.0)),
        ("ResourceApplyCenteredRMSProp",
         dict(lr=0.05, rho=0.6, epsilon=1e-2, momentum=0.7, ms0=0.3, mom0=0.0, mg0=0.0)),
        ("ResourceApplyAdagradV2", dict(lr=0.1, epsilon=1e-3, accum0=0.1)),
        ("ResourceApplyAdadelta", dict(lr=2.0, rho=0.8, epsilon=1e-2, accum0=0.0, accum_update0=0.0)),
        ("ResourceApplyAdam", adam),
        ("ResourceApplyAdamWithAmsgrad", adam | dict(vhat0=0.0)),
        ("ResourceApplyAdaMax", adam | dict(lr=0.05, beta1=0.6)),
    ]
    for name, options in rules:
        yield name, options, LR_CHANGES[2], {"splits": [1, 3]}
        yield name, options, LR_EVERY_STEP, {}
        yield name, options, {}, {"dtype": "float32"}
        yield name, options, LR_CHANGES[1], {"shape": [5, 2]}  # dense: the sparse operations leave untouched rows alone
    for options, changes in ((adam, {}), (adam | dict(lr=0.05, beta1=0.6, beta2=0.9), LR_CHANGES[2]),
                             (adam | dict(lr=0.03, beta1=0.5, epsilon=0.1), LR_EVERY_STEP)):
        yield "ResourceApplyAdam", options | dict(use_nesterov=True), changes, {}


def first_state_of(name, options):
    """Slots that begin at another number than thalweg's columns, in thalweg's words."""
    return {column: options[slot + "0"] for slot, (column, _) in RULES[name][1].items()
            if slot in ("mom", "mg") and options[slot + "0"] != 0}


def run(seed, name, options, *, changes, way={}):
    """A case with its results."""
    import tensorflow as tf

    others = {}
    if first_state := first_state_of(name, options):
        others = {"needs": ["first_state"], "first_state": first_state}
    if name == "ResourceApplyAdam" and options.get("use_nesterov"):
        others = {"needs": ["nesterov_same_step"]}
    case = new_case("tf1", tf.__version__, name, options, options, in_thalweg(name, options), seed, changes=changes,
                    shared=True, way=way, **others)

    def constant(value):
        return tf.constant(value, dtype=case["dtype"])

    thetas = [tf.Variable(constant(part)) for part in split(case, case["theta0"])]
    slots = [{slot: tf.Variable(tf.fill(theta.shape, constant(options[slot + "0"]))) for slot in RULES[name][1]}
             for theta in thetas]
    lr = options.get("lr", options.get("alpha"))
    for step in range(1, STEPS + 1):
        lr = lr_at(case, step) or lr
        powers = {"beta1_power": options.get("beta1", 0) ** step, "beta2_power": options.get("beta2", 0) ** step}
        numeric = options | powers | {"lr": lr, "alpha": lr}
        for theta, own_slots, gradient in zip(thetas, slots, split(case, case["grads"][step - 1])):
            arguments = {"var": theta.handle}
            for argument in inspect.signature(getattr(tf.raw_ops, name)).parameters:
                if argument in own_slots:
                    arguments[argument] = own_slots[argument].handle
                elif argument in ("grad", "delta"):
                    arguments[argument] = constant(gradient)
                elif argument == "use_nesterov":
                    arguments[argument] = options.get("use_nesterov", False)
                elif argument in numeric:
                    arguments[argument] = constant(numeric[argument])
            getattr(tf.raw_ops, name)(**arguments)
        case["theta"][str(step)] = values(tf.concat(thetas, 0))
        # Without momentum TensorFlow keeps the step itself in its slot.
        columns = {column: values(sign * tf.concat([own_slots[slot] for own_slots in slots], 0).numpy())
                   for slot, (column, sign) in RULES[name][1].items() if column != "b" or options["momentum"] > 0}
        if columns:
            case["state"][str(step)] = columns
    return case


def record():
    cases = [run(seed, name, options, changes=LR_CHANGES[seed % 3])
             for seed, (name, options) in enumerate(option_sets(), start=3000)]
    return cases + [run(seed, name, options, changes=changes, way=way)
                    for seed, (name, options, changes, way) in enumerate(further(), start=3500)]
