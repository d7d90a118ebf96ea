"""Recordings of timm's optimizers."""

import importlib
import importlib.metadata
import importlib.util
import itertools
import pathlib
import sys
import types

from recording import (LR_CHANGES, LR_EVERY_STEP, MATRICES, SHAPES, STEPS, combinations, lr_at, new_case, of_shapes,
                       parts, values)


def class_of(name):
    """The class. The packages around its module are left out: they import all of timm's models and torchvision."""
    if "timm" not in sys.modules:
        folder = pathlib.Path(importlib.util.find_spec("timm").origin).parent
        for package, path in (("timm", folder), ("timm.optim", folder / "optim")):
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = [str(path)]
    return getattr(importlib.import_module(f"timm.optim.{name.lower()}"), name)


def cases():
    """Class, options, changes of the learning rate and way of every case."""
    changes = itertools.cycle(LR_CHANGES)
    on_off = [False, True]
    lamb = [dict(lr=0.02, betas=(0.8, 0.95), eps=1e-3), dict(lr=0.3, betas=(0.6, 0.9), eps=1e-7),
            dict(lr=0.05, eps=0.1)]
    unclipped = dict(max_grad_norm=None)
    sets = combinations(lamb, shapes=SHAPES[::2], weight_decay=[0.0, 0.3], always_adapt=on_off, trust_clip=on_off)
    sets += combinations(lamb, shapes=SHAPES[1::2], weight_decay=[0.1], decoupled_decay=on_off, grad_averaging=on_off,
                         bias_correction=on_off)
    for options in sets:
        way = of_shapes(options.pop("shapes"))
        yield "Lamb", options | unclipped, next(changes), way
    for options, shapes, limit in ((lamb[0], SHAPES[0], 1.0), (lamb[1] | dict(weight_decay=0.2), SHAPES[1], 7.0),
                                   (lamb[2], SHAPES[3], 1000.0)):
        clip = {"clip": {"by": "global_norm", "limit": limit, "eps": 0.0}}
        options |= {} if limit == 1.0 else dict(max_grad_norm=limit)  # the default
        yield "Lamb", options, {}, of_shapes(shapes) | clip
    yield "Lamb", lamb[0] | unclipped | dict(foreach=True), {}, of_shapes(SHAPES[2])
    late = {"without": {3: 1, 4: 1, 6: 0}}  # steps in which one parameter has no gradient; the group counts them
    yield "Lamb", lamb[0] | unclipped, {}, of_shapes(SHAPES[0]) | late

    lars = [dict(lr=0.5, trust_coeff=0.2), dict(lr=20.0, eps=1e-2), dict(lr=0.1, trust_coeff=0.7, eps=0.5)]
    momentum = [dict(momentum=0.7), dict(momentum=0.6, nesterov=True), dict(momentum=0.8, dampening=0.4)]
    sets = combinations(lars, shapes=SHAPES[::2], weight_decay=[0, 0.3], always_adapt=on_off, trust_clip=on_off)
    sets += [options | more for more in momentum
             for options in combinations(lars, shapes=SHAPES[1::2], weight_decay=[0, 0.3], always_adapt=[True])]
    for options in sets:
        yield "Lars", options, next(changes), of_shapes(options.pop("shapes"))
    yield "Lars", lars[1] | momentum[0] | dict(weight_decay=0.1, foreach=True), {}, of_shapes(SHAPES[2])

    adafactor = [dict(lr=0.02, decay_rate=-0.6, clip_threshold=0.7), dict(eps_scale=0.6, eps=0.2),
                 dict(lr=0.5, eps=1e-3, min_dim_size_to_factor=3), dict(scale_parameter=False, clip_threshold=1.3),
                 dict(warmup_init=True, decay_rate=-1.0)]
    sets = combinations(adafactor, shapes=MATRICES, betas=[None, (0.7, 0.9)], weight_decay=[0.0, 0.3])
    for options, least in zip(sets, itertools.cycle([2, 3, 4])):
        way = of_shapes(options.pop("shapes"))
        yield "Adafactor", dict(min_dim_size_to_factor=least) | options, next(changes) if "lr" in options else {}, way
    yield "Adafactor", adafactor[2] | dict(betas=(0.7, 0.9)), {}, of_shapes(MATRICES[1]) | late

    for shapes, name, options in [
        (SHAPES[0], "Lamb", lamb[0] | unclipped | dict(weight_decay=0.3)), (SHAPES[1], "Lamb", unclipped),
        (SHAPES[2], "Lars", lars[1] | momentum[0] | dict(weight_decay=0.3)), (SHAPES[0], "Lars", {}),
        (MATRICES[1], "Adafactor", adafactor[0] | dict(min_dim_size_to_factor=2, betas=(0.7, 0.9))),
        (MATRICES[3], "Adafactor", dict(min_dim_size_to_factor=1, weight_decay=0.3)),
    ]:
        changes_here = {} if name == "Adafactor" and "lr" not in options else LR_EVERY_STEP
        yield name, options, changes_here, of_shapes(shapes) | {"dtype": "float32"}


def in_thalweg(name, o):
    """Rule and options in thalweg's words, from a group's options."""
    words = {"lr": o["lr"], "weight_decay": o["weight_decay"]}
    if name == "Lamb":
        return "lamb", words | dict(zip(("beta1", "beta2"), o["betas"])) | {
            "eps": o["eps"], "decoupled_weight_decay": o["decoupled_decay"], "correct_bias": o["bias_correction"],
            "grad_averaging": o["grad_averaging"], "always_adapt": o["always_adapt"], "trust_clip": o["trust_clip"]}
    if name == "Lars":
        return "lars", words | {key: o[key] for key in ("momentum", "dampening", "nesterov")} | {
            "trust_coefficient": o["trust_coeff"], "eps": o["eps"], "always_adapt": o["always_adapt"],
            "trust_clip": o["trust_clip"], "norm_of_sum": False, "lr_in_momentum": False}
    relative = o["lr"] is None
    first = 1e-6 if o["warmup_init"] else 1e-2
    return "adafactor", words | {
        "lr": first if relative else o["lr"], "warmup_init": o["warmup_init"], "beta2_decay": o["decay_rate"],
        "eps1": o["eps"], "eps2": o["eps_scale"], "eps_inside": True, "clip_threshold": o["clip_threshold"],
        "momentum": o["beta1"] or 0.0, "decay_with_scale": True, "relative_step": relative,
        "scale_parameter": relative and o["scale_parameter"],
        # Here a side must be longer, there at least as long.
        "min_dim_size_to_factor": o["min_dim_size_to_factor"] + 1}


COLUMNS = {
    "Lamb": {"exp_avg": "m", "exp_avg_sq": "v"},
    "Lars": {"momentum_buffer": "b"},
    "Adafactor": {"exp_avg_sq": "v", "exp_avg_sq_row": "r", "exp_avg_sq_col": "c", "exp_avg": "m"},
}


def run(seed, name, called_with, *, changes, way):
    """A case with its results."""
    import torch

    without = way.pop("without", {})
    dtype = getattr(torch, way.get("dtype", "float64"))

    def arrays(numbers):
        return [torch.tensor(part, dtype=dtype) for part in parts(way, numbers)]

    # The group's options are read from an optimizer that takes no step.
    options = class_of(name)([torch.nn.Parameter(torch.zeros(1))], **called_with).param_groups[0]
    case = new_case("timm", importlib.metadata.version("timm"), name, called_with, called_with,
                    in_thalweg(name, options), seed, changes=changes, shared=name == "Lamb", way=way)
    for step, parameter in without.items():
        case["id"] += f", no gradient of {parameter} at {step}"
    thetas = [torch.nn.Parameter(part) for part in arrays(case["theta0"])]
    optimizer = class_of(name)(thetas, **({} if name == "Adafactor" else {"foreach": False}) | called_with)

    def joined(tensors):
        return values(torch.cat([tensor.detach().ravel() for tensor in tensors]))

    for step in range(1, STEPS + 1):
        if lr_at(case, step) is not None:
            optimizer.param_groups[0]["lr"] = lr_at(case, step)
        for theta, gradient in zip(thetas, arrays(case["grads"][step - 1])):
            theta.grad = gradient
        if step in without:
            thetas[without[step]].grad = None
            begin = sum(way["splits"][:without[step]])
            length = way["splits"][without[step]]
            case["grads"][step - 1][begin:begin + length] = [None] * length
        optimizer.step()
        case["theta"][str(step)] = joined(thetas)
        columns = {column: [optimizer.state[theta][key] for theta in thetas if key in optimizer.state[theta]]
                   for key, column in COLUMNS[name].items()}
        columns = {column: joined(tensors) for column, tensors in columns.items() if tensors}
        if columns:
            case["state"][str(step)] = columns
    return case


def record():
    return [run(seed, name, options, changes=changes, way=way)
            for seed, (name, options, changes, way) in enumerate(cases(), start=7000)]
