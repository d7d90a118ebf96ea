"""Recordings of PyTorch's optimizer state: 10 steps, the state as docs/dialects.md saves it, 10 steps more.

A case of torch_state.json.gz:

    groups      [{"parameters": [NAME, …], "thalweg": options in thalweg's words, "lr_by_step": [20 numbers]}, …]
    shapes      {NAME: [sizes, …]}
    theta0      {NAME: [numbers]}, likewise `grads`, a list of 20 with null where a parameter has no gradient
    theta       {"10": {NAME: [numbers]}, "20": …}
    file        what was saved after step 10, in base64
"""

import base64
import pathlib
import sys
import tempfile

import numpy

from recording import in_words, thalweg_text, values
from torch_cases import in_thalweg

sys.path.append(str(pathlib.Path(__file__).parent.parent / "torch_state"))
from documented import save_torch_state  # noqa: E402

STEPS, SAVED_AFTER = 20, 10
SHAPES = {"layer.weight": (2, 3), "layer.bias": (2,), "late": (3,), "scale": ()}
MISSING = {"layer.bias": (3, 12), "late": range(1, 13)}  # steps without a gradient: "late" has no state when it is saved
LR_FACTORS = {6: 0.5, 14: 3.0}


def option_sets():
    """Class, options of the first group, and where the second group's differ; None without a second group."""
    betas = dict(lr=0.02, betas=(0.8, 0.95), eps=1e-3)
    return [
        ("SGD", dict(lr=0.1), None),
        ("SGD", dict(lr=0.1, momentum=0.7), dict(lr=0.03, weight_decay=0.3)),
        ("SGD", dict(lr=0.1, momentum=0.7, dampening=0.4, weight_decay=0.1), None),
        ("SGD", dict(lr=0.1, momentum=0.6, nesterov=True), dict(momentum=0, nesterov=False)),
        ("RMSprop", dict(lr=0.02, alpha=0.85, eps=1e-3), None),
        ("RMSprop", dict(lr=0.02, alpha=0.85, eps=1e-3, momentum=0.7, centered=True), dict(alpha=0.6, momentum=0)),
        ("RMSprop", dict(lr=0.05, alpha=0.6, momentum=0.5, weight_decay=0.3, maximize=True), None),
        ("Adagrad", dict(lr=0.3, lr_decay=0.2), None),
        ("Adagrad", dict(lr=0.2, initial_accumulator_value=0.3, weight_decay=0.3), dict(lr=0.5, eps=1e-3)),
        ("Adadelta", dict(lr=2.0, rho=0.8, eps=1e-4), dict(weight_decay=0.1)),
        ("Adafactor", dict(lr=0.05), None),
        ("Adafactor", dict(lr=0.3, beta2_decay=-0.6, eps=(1e-3, 0.1), d=1.2, maximize=True),
         dict(lr=0.5, weight_decay=0.3)),
        ("Adam", betas, None),
        ("Adam", betas | dict(amsgrad=True), dict(amsgrad=False, weight_decay=0.3)),
        ("Adam", betas | dict(weight_decay=0.3, decoupled_weight_decay=True), None),
        ("AdamW", betas, dict(lr=0.05, weight_decay=0.3)),
        ("AdamW", betas | dict(amsgrad=True, maximize=True), None),
        ("Adamax", betas, dict(weight_decay=0.1)),
        ("NAdam", betas | dict(momentum_decay=0.05), None),
        ("NAdam", betas | dict(weight_decay=0.3, decoupled_weight_decay=True), dict(momentum_decay=1.0)),
        ("RAdam", betas, None),
        ("RAdam", dict(lr=0.03, betas=(0.7, 0.5), eps=1e-2, weight_decay=0.3), dict(betas=(0.6, 0.9))),
        ("Rprop", dict(lr=0.05), None),
        ("Rprop", dict(lr=0.1, etas=(0.6, 1.4), step_sizes=(0.04, 0.3)), dict(lr=0.2)),
    ]


def group_members(differing):
    """The names of each group's parameters."""
    return [list(SHAPES)] if differing is None else [["late", "layer.weight"], ["scale", "layer.bias"]]


def numbers(dtype):
    """Start and gradients by parameter; the same for all cases, so that the file stays small."""
    generator = numpy.random.default_rng(6000)
    start = {name: numpy.round(generator.normal(size=shape), 4) for name, shape in SHAPES.items()}
    gradients = {name: numpy.round(generator.normal(size=(STEPS, *shape)), 4) for name, shape in SHAPES.items()}
    gradients["layer.weight"][0, 0] = 0
    cast = numpy.dtype(dtype).type
    return ({name: cast(array) for name, array in start.items()},
            {name: [None if step in MISSING.get(name, ()) else cast(gradient)
                    for step, gradient in enumerate(array, start=1)] for name, array in gradients.items()})


def run(name, options, differing, dtype):
    import torch

    # PyTorch keeps NAdam's product of μ in the default type.
    torch.set_default_dtype(getattr(torch, dtype) if name == "NAdam" else torch.float32)
    start, gradients = numbers(dtype)
    thetas = {parameter: torch.nn.Parameter(torch.tensor(array)) for parameter, array in start.items()}
    members = group_members(differing)
    groups = [{"params": [thetas[parameter] for parameter in group]} for group in members]
    groups[-1] |= differing or {}
    optimizer = getattr(torch.optim, name)(groups, foreach=False, **options)
    case = {"id": f"torch {name}({in_words(options)})", "peer_version": torch.__version__, "class": name,
            "dtype": dtype, "groups": [], "shapes": SHAPES}
    if differing is not None:
        case["id"] += f", second group ({in_words(differing)})"
    case["id"] += f", {dtype}"
    for parameters, group in zip(members, optimizer.param_groups):
        rule, words = in_thalweg(name, {k: v for k, v in group.items() if k != "params"}, dtype)
        case["groups"].append({"parameters": parameters, "thalweg": thalweg_text(rule, words), "lr_by_step": []})
        case.setdefault("rule", rule)
    case |= {"theta0": {parameter: values(array) for parameter, array in start.items()},
             "grads": {parameter: [gradient if gradient is None else values(gradient) for gradient in of_steps]
                       for parameter, of_steps in gradients.items()},
             "theta": {}}
    first_lrs, factor = [group["lr"] for group in optimizer.param_groups], 1.0
    for step in range(1, STEPS + 1):
        factor = LR_FACTORS.get(step, factor)
        for group, lr, recorded in zip(optimizer.param_groups, first_lrs, case["groups"]):
            group["lr"] = lr * factor
            recorded["lr_by_step"].append(group["lr"])
        for parameter, theta in thetas.items():
            gradient = gradients[parameter][step - 1]
            theta.grad = None if gradient is None else torch.tensor(gradient)
        optimizer.step()
        if step in (SAVED_AFTER, STEPS):
            case["theta"][str(step)] = {parameter: values(theta.detach()) for parameter, theta in thetas.items()}
        if step == SAVED_AFTER:
            with tempfile.NamedTemporaryFile() as file:
                save_torch_state(optimizer, thetas.items(), file.name)
                case["file"] = base64.b64encode(pathlib.Path(file.name).read_bytes()).decode()
    return case


def record():
    return [run(name, options, differing, dtype) for dtype in ("float64", "float32")
            for name, options, differing in option_sets()]
