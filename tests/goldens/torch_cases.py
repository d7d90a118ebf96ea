"""Recordings of PyTorch's optimizers."""

import itertools

import numpy

from recording import (LR_CHANGES, LR_EVERY_STEP, SHAPES, STEPS, combinations, is_averaged, lr_at, new_case, of_shapes,
                       parts, record_average, start_and_gradients, values)

MISSING = [(), (3,), (), (1, 5), (4, 5)]  # steps without a gradient


def option_sets():
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


def in_thalweg(name, o, dtype="float64"):
    """Rule and options in thalweg's words, from `param_groups[0]`."""
    words = {"lr": o["lr"]}
    if name == "Adafactor":
        eps1 = float(numpy.finfo(dtype).eps) if o["eps"][0] is None else o["eps"][0]
        return "adafactor", words | {
            "beta2_decay": o["beta2_decay"], "eps1": eps1, "eps2": o["eps"][1], "clip_threshold": o["d"],
            "weight_decay": o["weight_decay"], "relative_step": True, "scale_parameter": True, "eps_inside": False,
            "maximize": o["maximize"]}
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


COLUMNS = {
    "SGD": {"momentum_buffer": "b"},
    "RMSprop": {"square_avg": "v", "grad_avg": "m", "momentum_buffer": "b"},
    "Adagrad": {"sum": "v"},
    "Adadelta": {"square_avg": "v", "acc_delta": "u"},
    "Adamax": {"exp_avg": "m", "exp_inf": "u"},
    "Rprop": {"step_size": "step", "prev": "prev"},
    "Adafactor": {"variance": "v", "row_var": "r", "col_var": "c"},
} | dict.fromkeys(("Adam", "AdamW", "NAdam", "RAdam"), {"exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "x"})


def further():
    """Class, options, changes of the learning rate and way of the cases that are more than one parameter in float64."""
    sgd, rmsprop = dict(lr=0.1, momentum=0.7), dict(lr=0.02, alpha=0.85, eps=1e-3, momentum=0.6, centered=True)
    adamw = dict(lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3)
    dampened = dict(lr=0.1, momentum=0.7, dampening=0.4)
    rules = [
        ("SGD", sgd), ("SGD", dampened | dict(weight_decay=0.3)), ("RMSprop", rmsprop | dict(weight_decay=0.1)),
        ("Adagrad", dict(lr=0.3, lr_decay=0.2, eps=1e-3)), ("Adadelta", dict(lr=2.0, eps=1e-4)),
        ("Adam", dict(lr=0.05, betas=(0.6, 0.9), eps=1e-6, amsgrad=True)), ("AdamW", adamw),
        ("Adamax", dict(lr=0.05, betas=(0.6, 0.9), eps=1e-6)), ("NAdam", dict(lr=0.02, momentum_decay=0.05)),
        ("RAdam", dict(lr=0.03, betas=(0.7, 0.5), eps=1e-2)), ("Rprop", dict(lr=0.1, etas=(0.6, 1.4))),
    ]

    def clip(by, limit):
        return {"clip": {"by": by, "limit": limit} | ({} if by == "value" else {"eps": 1e-6})}

    def ema(decay, start=1, every=1):
        return {"average": {"kind": "ema", "decay": decay, "bias_correction": False, "start": start, "every": every}}

    def mean(start, every):
        return {"average": {"kind": "mean", "start": start, "every": every}}

    for name, options in (("SGD", sgd), ("RMSprop", rmsprop), ("AdamW", adamw)):
        for by, limit in (("value", 0.5), ("norm", 0.9), ("global_norm", 1.1)):
            for splits in ([1, 3], [2, 1, 1]):
                yield name, options, {}, clip(by, limit) | {"splits": splits}
        yield name, options, LR_CHANGES[1], ema(0.8) | {"splits": [3, 1]}
        yield name, options, {}, ema(0.6, start=2, every=3)
        yield name, options, LR_CHANGES[2], mean(start=3, every=2)
    yield "SGD", sgd | dict(maximize=True, weight_decay=0.1), {}, clip("norm", 0.9) | {"splits": [2, 2]}
    yield "AdamW", adamw | dict(maximize=True), {}, clip("value", 0.7) | mean(1, 1) | {"splits": [2, 2]}
    yield "RMSprop", rmsprop, LR_CHANGES[1], clip("global_norm", 1.5) | ema(0.7, start=4) | {"splits": [1, 1, 2]}
    yield "SGD", sgd, {}, clip("global_norm", 1000.0)  # never reached

    for name, options in rules:
        yield name, options, LR_CHANGES[2], {"splits": [1, 3]}
        yield name, options, LR_EVERY_STEP, {}
        yield name, options, {}, {"dtype": "float32"}
    yield "RMSprop", rmsprop, LR_EVERY_STEP, {"dtype": "float32", "splits": [1, 1, 2]}

    table = {"shape": [5, 2]}
    for name, options in [("SGD", dict(lr=0.1)), *rules]:
        if "weight_decay" not in options:
            yield name, options, {}, table
    yield "SGD", sgd | dict(nesterov=True), LR_CHANGES[1], table
    yield "SGD", dampened | dict(maximize=True), LR_EVERY_STEP, table
    yield "Adagrad", dict(lr=0.2, initial_accumulator_value=0.3), LR_CHANGES[2], table
    yield "Adagrad", dict(lr=0.2, maximize=True), {}, table | {"dtype": "float32"}


def shaped():
    """Class, options, changes of the learning rate and way of the cases whose parameters' shapes matter."""
    adafactor = [dict(lr=0.02, eps=(0.3, 1e-3), d=1.1), dict(lr=1.5, beta2_decay=-0.6, eps=(1e-6, 0.6), d=1.4),
                 dict(lr=0.05, beta2_decay=-1.0, eps=(0.05, 0.01))]
    sets = combinations(adafactor, shapes=SHAPES, weight_decay=[0, 0.3], maximize=[False, True])
    for options, changes in zip(sets, itertools.cycle(LR_CHANGES)):
        yield "Adafactor", options, changes, of_shapes(options.pop("shapes"))
    yield "Adafactor", adafactor[0], LR_EVERY_STEP, {}  # one vector
    yield "Adafactor", adafactor[1] | dict(foreach=True), {}, of_shapes(SHAPES[0])
    for options, shapes in zip([{}, *adafactor], SHAPES):  # by default ε₁ depends on the type
        yield "Adafactor", options | dict(weight_decay=0.2), LR_EVERY_STEP, of_shapes(shapes) | {"dtype": "float32"}


def gradient_of(case, name, step, gradient):
    """The gradient as the peer has it: of rows, if this is a table and its optimizer takes such."""
    import torch

    gradient = torch.tensor(gradient, dtype=getattr(torch, case["dtype"]))
    if "shape" not in case or name not in ("SGD", "Adagrad"):
        return gradient
    rows = case["sparse_rows"][step - 1]
    return torch.sparse_coo_tensor([rows], gradient[rows], case["shape"])


def clip(case, thetas):
    """Clips the gradients that the parameters have."""
    import torch

    by, limit = case["clip"]["by"], case["clip"]["limit"]
    if by == "value":
        torch.nn.utils.clip_grad_value_(thetas, limit)
    for each in [thetas] if by == "global_norm" else [[theta] for theta in thetas] if by == "norm" else []:
        torch.nn.utils.clip_grad_norm_(each, limit)


def averaged_model(average, thetas):
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    function = get_ema_multi_avg_fn(average["decay"]) if average["kind"] == "ema" else None
    return AveragedModel(torch.nn.ParameterList(thetas), multi_avg_fn=function)


def run(seed, name, called_with, *, changes, way={}, missing=()):
    """A case with its results. `missing`: the steps without a gradient."""
    import torch

    dtype = way.get("dtype", "float64")
    thetas = [torch.nn.Parameter(torch.tensor(part, dtype=getattr(torch, dtype)))
              for part in parts(way, start_and_gradients(seed, way)[0])]
    implementation = {} if "fused" in called_with else {"foreach": False}
    optimizer = getattr(torch.optim, name)(thetas, **implementation | called_with)
    options = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
    case = new_case("torch", torch.__version__, name, called_with, options, in_thalweg(name, options, dtype),
                    seed, changes=changes, shared=False, way=way)
    if missing:
        case["id"] += f", no gradient at {' and '.join(map(str, missing))}"
    average = averaged_model(case["average"], thetas) if "average" in case else None

    def joined(tensors):
        return values(torch.cat([tensor.detach().to_dense().ravel() for tensor in tensors]))

    for step in range(1, STEPS + 1):
        if lr_at(case, step) is not None:
            optimizer.param_groups[0]["lr"] = lr_at(case, step)
        for theta, part in zip(thetas, parts(case, case["grads"][step - 1])):
            theta.grad = None if step in missing else gradient_of(case, name, step, part)
        if step in missing:
            case["grads"][step - 1] = None
        if "clip" in case:
            clip(case, thetas)
        optimizer.step()
        case["theta"][str(step)] = joined(thetas)
        columns = {column: [state[key] for state in map(optimizer.state.get, thetas) if state and key in state]
                   for key, column in COLUMNS[name].items()}
        columns = {column: joined(tensors) for column, tensors in columns.items() if tensors}
        if columns:
            case["state"][str(step)] = columns
        if average:
            if is_averaged(case, step):
                average.update_parameters(torch.nn.ParameterList(thetas))
            record_average(case, step, joined(average.parameters()))
    return case


def record():
    import torch

    torch.set_default_dtype(torch.float64)  # NAdam keeps its product of μ in this type
    torch.sparse.check_sparse_tensor_invariants.enable()
    cases = [run(seed, name, called_with, changes=LR_CHANGES[seed % 3], missing=MISSING[seed % 5])
             for seed, (name, called_with) in enumerate(option_sets())]
    cases += [run(seed, name, called_with, changes=changes, way=way)
              for seed, (name, called_with, changes, way) in enumerate(further(), start=500)]
    return cases + [run(seed, name, called_with, changes=changes, way=way, missing=MISSING[seed % 5])
                    for seed, (name, called_with, changes, way) in enumerate(shaped(), start=700)]
