"""Recordings of PyTorch's optimizers."""

from recording import LR_CHANGES, STEPS, combinations, lr_at, new_case, numbers, values

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


def in_thalweg(name, o):
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


COLUMNS = {
    "SGD": {"momentum_buffer": "b"},
    "RMSprop": {"square_avg": "v", "grad_avg": "m", "momentum_buffer": "b"},
    "Adagrad": {"sum": "v"},
    "Adadelta": {"square_avg": "v", "acc_delta": "u"},
    "Adamax": {"exp_avg": "m", "exp_inf": "u"},
    "Rprop": {"step_size": "step", "prev": "prev"},
} | dict.fromkeys(("Adam", "AdamW", "NAdam", "RAdam"), {"exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "x"})


def record():
    import torch

    torch.set_default_dtype(torch.float64)  # NAdam keeps its product of μ in this type
    cases = []
    for seed, (name, called_with) in enumerate(option_sets()):
        start, gradients = numbers(seed)
        theta = torch.tensor(start, requires_grad=True)
        ways = {} if "fused" in called_with else {"foreach": False}
        optimizer = getattr(torch.optim, name)([theta], **ways | called_with)
        options = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
        case = new_case("torch", torch.__version__, name, called_with, options, in_thalweg(name, options), seed,
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
            columns = {COLUMNS[name][k]: values(v) for k, v in optimizer.state[theta].items()
                       if k in COLUMNS[name] and v is not None}
            if columns:
                case["state"][str(step)] = columns
        if MISSING[seed % 5]:
            case["id"] += f", no gradient at {' and '.join(map(str, MISSING[seed % 5]))}"
        cases.append(case)
    return cases
