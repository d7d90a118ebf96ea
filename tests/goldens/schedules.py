#!/usr/bin/env python3
"""Records the learning rates that PyTorch's and Keras' schedules give at 200 ticks. Rewrites schedules.json.gz
beside it.

    python3 -m venv /tmp/schedules
    /tmp/schedules/bin/pip install torch==2.13.0 keras==3.15.1
    /tmp/schedules/bin/python tests/goldens/schedules.py

The file is {"versions": …, "torch": [case, …], "keras": [case, …]}. Numbers are as precise as the peer computed them.
A case of torch:

    name, class   the call in words; the scheduler's class
    groups        each parameter group's entries, without its parameters, when the scheduler has just been made
    group         the first of them
    state         `scheduler.state_dict()` then. Infinities are the texts "Infinity" and "-Infinity"
    state_text    the same as `json.dumps(state, default=float)` writes it: with Infinity as a bare word
    lrs           for each group the rates of 200 ticks: number i is the one with which step i + 1 is taken. After each
                  `optimizer.step()` there is a `scheduler.step()`
    metrics       of ReduceLROnPlateau: what `scheduler.step` is given after each step, with null for NaN
    state_after   the state after 80 ticks, when the next rate is lrs[…][80]; `groups_after` likewise
    refused       true: thalweg has no such schedule. There are no rates and no later states then

A case of Keras:

    name          the call in words
    config        `keras.optimizers.schedules.serialize(schedule)`
    dtype         of Keras' numbers: float32 is its default
    lrs           `schedule(k)` for k = 0, …, 199

Keras runs on PyTorch, since on JAX its cosines are float32 in any case.

Left out: CyclicLR with a plain function as `scale_fn` and with `scale_mode="cycle"`. Its state is that of one without.
"""

import gzip
import itertools
import json
import math
import os
import platform
import random

os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402
import torch  # noqa: E402
from torch.optim import lr_scheduler  # noqa: E402

from recording import HERE, in_words  # noqa: E402

TICKS, SAVED_AFTER = 200, 80
LRS = [0.1, 0.03, 0.7]  # of single groups, by turns
TWO_GROUPS = [0.3, 0.07]


class Named:
    """A schedule that is an object with state: PyTorch saves its attributes."""

    def __init__(self, decay):
        self.decay = decay

    def __call__(self, tick):
        return self.decay ** tick

    def __repr__(self):
        return f"Named({self.decay})"


def halving(_):
    return 0.5


def torch_options():
    """Class, options and rates of the groups; None of a single group."""
    no_momentum = dict(cycle_momentum=False)

    def sequence(*schedulers, milestones):
        return "SequentialLR", dict(schedulers=schedulers, milestones=milestones)

    yield "ConstantLR", dict(factor=0.3, total_iters=45), None
    yield "ConstantLR", dict(factor=0.15, total_iters=110), TWO_GROUPS
    yield "StepLR", dict(step_size=30, gamma=0.6), None
    yield "StepLR", dict(step_size=7, gamma=0.93), TWO_GROUPS
    yield "MultiStepLR", dict(milestones=[20, 75, 140], gamma=0.4), None
    yield "MultiStepLR", dict(milestones=[90, 25, 60, 60, 150], gamma=0.7), None
    yield "MultiStepLR", dict(milestones=[1, 33, 33, 33, 170], gamma=1.3), TWO_GROUPS
    yield "LinearLR", dict(start_factor=0.2, end_factor=0.9, total_iters=70), None
    yield "LinearLR", dict(start_factor=0.95, end_factor=0.15, total_iters=120), None
    yield "LinearLR", dict(start_factor=1.0, end_factor=0.0, total_iters=150), None
    yield "LinearLR", dict(start_factor=0.05, total_iters=40), TWO_GROUPS
    yield "ExponentialLR", dict(gamma=0.97), None
    yield "ExponentialLR", dict(gamma=1.004), TWO_GROUPS
    for power, groups in ((1.0, None), (2.5, None), (0.5, None), (1.7, TWO_GROUPS)):
        yield "PolynomialLR", dict(total_iters=130, power=power), groups
    yield "CosineAnnealingLR", dict(T_max=60, eta_min=0.004), None
    yield "CosineAnnealingLR", dict(T_max=270, eta_min=0.01), None
    yield "CosineAnnealingLR", dict(T_max=17), None
    yield "CosineAnnealingLR", dict(T_max=60, eta_min=0.02), TWO_GROUPS
    for T_0, T_mult, groups in ((45, 1, None), (25, 2, None), (13, 3, None), (20, 2, TWO_GROUPS)):
        yield "CosineAnnealingWarmRestarts", dict(T_0=T_0, T_mult=T_mult, eta_min=0.003), groups
    one_cycle = dict(max_lr=0.3, pct_start=0.27, div_factor=15.0, final_div_factor=400.0) | no_momentum
    for strategy, three_phase in itertools.product(["cos", "linear"], [False, True]):
        choice = dict(anneal_strategy=strategy, three_phase=three_phase)
        yield "OneCycleLR", one_cycle | choice | dict(total_steps=210), None
    yield "OneCycleLR", one_cycle | dict(total_steps=200, pct_start=0.4), None
    yield "OneCycleLR", one_cycle | dict(total_steps=199, three_phase=True), None  # its last tick is behind its end
    yield "OneCycleLR", one_cycle | dict(total_steps=199, anneal_strategy="linear"), None
    yield "OneCycleLR", one_cycle | dict(epochs=11, steps_per_epoch=20), None
    yield "OneCycleLR", one_cycle | dict(max_lr=[0.6, 0.05], total_steps=230), TWO_GROUPS
    cyclic = dict(base_lr=0.02, max_lr=0.3) | no_momentum
    for mode in (dict(mode="triangular"), dict(mode="triangular2"), dict(mode="exp_range", gamma=0.99)):
        yield "CyclicLR", cyclic | dict(step_size_up=20, step_size_down=35) | mode, None
    yield "CyclicLR", cyclic | dict(step_size_up=33, mode="triangular2"), None
    lists = dict(base_lr=[0.02, 0.001], max_lr=[0.3, 0.05], step_size_up=31, step_size_down=12)
    yield "CyclicLR", cyclic | lists | dict(mode="exp_range", gamma=0.985), TWO_GROUPS
    warm_up = ("LinearLR", dict(start_factor=0.1, total_iters=20))
    cosine = ("CosineAnnealingLR", dict(T_max=100, eta_min=0.002))
    yield *sequence(warm_up, cosine, milestones=[20]), None
    yield *sequence(warm_up, cosine, milestones=[12]), TWO_GROUPS
    three = (("ConstantLR", dict(factor=0.25, total_iters=200)), ("StepLR", dict(step_size=15, gamma=0.8)),
             ("ExponentialLR", dict(gamma=0.98)))
    yield *sequence(*three, milestones=[30, 110]), None
    yield *sequence(*three, milestones=[55, 95]), TWO_GROUPS
    yield *sequence(warm_up, ("CosineAnnealingWarmRestarts", dict(T_0=30, T_mult=2, eta_min=0.001)),
                    milestones=[25]), None
    yield *sequence(("PolynomialLR", dict(total_iters=60, power=1.5)), ("MultiStepLR", dict(milestones=[10, 50])),
                    milestones=[40]), None


def plateau_options():
    """Options, metrics and rates of the groups of ReduceLROnPlateau."""

    def metrics(seed, *, to=0.0, sign=1, missing=()):
        """Falls (rises with sign −1) towards `to`, with noise."""
        generator = random.Random(seed)
        values = [sign * (to + 2 * math.exp(-tick / 30) + generator.uniform(-0.2, 0.2)) for tick in range(TICKS)]
        return [None if tick in missing else round(value, 6) for tick, value in enumerate(values)]

    for seed, (mode, threshold_mode) in enumerate(itertools.product(["min", "max"], ["rel", "abs"]), start=1):
        options = dict(mode=mode, threshold_mode=threshold_mode, threshold=0.03, factor=0.6, patience=4)
        yield options, metrics(seed, to=1, sign=1 if mode == "min" else -1), None
    yield dict(factor=0.5, patience=3, cooldown=9, threshold=0.01), metrics(5, to=1), None
    yield dict(factor=0.3, patience=2, min_lr=0.004), metrics(6, to=1), None
    yield dict(factor=0.5, patience=5, eps=0.01), metrics(7, to=1), None
    yield dict(mode="max", factor=0.7, patience=6, cooldown=2), metrics(8, to=-3), None
    yield dict(factor=0.7, patience=5, threshold=0.05), metrics(9, to=-1), None  # of negative metrics all are better
    yield dict(factor=0.6, patience=3, cooldown=2), metrics(10, to=1, missing=(0, 5, 40, 41, 42, 43, 44, 120)), None
    yield dict(mode="max", factor=0.8, patience=0, threshold_mode="abs"), metrics(11, sign=-1, missing=(3,)), None
    yield dict(factor=0.4, patience=4, min_lr=[0.02, 0.001]), metrics(12, to=1), TWO_GROUPS
    yield dict(mode="max", factor=0.55, patience=7, cooldown=4, min_lr=0.005), metrics(13, to=1, sign=-1), TWO_GROUPS


def refused_options():
    """Class and options of what thalweg does not take."""
    chained = [("ConstantLR", dict(factor=0.3, total_iters=45)), ("ExponentialLR", dict(gamma=0.97))]
    one_cycle, cyclic = dict(max_lr=0.3, total_steps=210), dict(base_lr=0.02, max_lr=0.3, step_size_up=20)
    without = dict(cycle_momentum=False)
    yield "LambdaLR", dict(lr_lambda=halving)
    yield "LambdaLR", dict(lr_lambda=Named(0.97))
    yield "MultiplicativeLR", dict(lr_lambda=halving)
    yield "MultiplicativeLR", dict(lr_lambda=Named(0.97))
    yield "ChainedScheduler", dict(schedulers=chained)
    yield "OneCycleLR", one_cycle | dict(cycle_momentum=True, base_momentum=0.8, max_momentum=0.9)
    yield "CyclicLR", cyclic | dict(cycle_momentum=True, base_momentum=0.7, max_momentum=0.9)
    yield "CyclicLR", cyclic | without | dict(scale_fn=halving, scale_mode="iterations")
    yield "CyclicLR", cyclic | without | dict(scale_fn=Named(0.97))
    yield "SequentialLR", dict(schedulers=[chained[0], ("LambdaLR", dict(lr_lambda=halving))], milestones=[30])


def keras_options():
    """Class, options and type of every case."""
    cases = []

    def add(name, *option_sets):
        """All in float64, the first also in Keras' default."""
        cases.extend((name, options, "float64") for options in option_sets)
        cases.append((name, option_sets[0], "float32"))

    decay = dict(initial_learning_rate=0.3, decay_steps=35)
    add("ExponentialDecay", *(decay | dict(decay_rate=0.7, staircase=staircase) for staircase in (False, True)))
    add("PiecewiseConstantDecay", dict(boundaries=[20, 75, 140], values=[0.3, 0.1, 0.15, 0.02]),
        dict(boundaries=[50, 120.7], values=[0.07, 0.3, 0.11]), dict(boundaries=[90], values=[0.3, 0.013]))
    polynomial = dict(initial_learning_rate=0.3, decay_steps=60, end_learning_rate=0.02)
    add("PolynomialDecay", *(polynomial | dict(power=power, cycle=cycle)
                             for cycle, power in itertools.product([False, True], [2.5, 0.5])))
    add("InverseTimeDecay", *(decay | dict(decay_rate=0.45, staircase=staircase) for staircase in (False, True)))
    cosine = dict(initial_learning_rate=0.07, decay_steps=120, alpha=0.15)
    add("CosineDecay", cosine, cosine | dict(warmup_target=0.4, warmup_steps=25), cosine | dict(alpha=0.0),
        cosine | dict(decay_steps=260, warmup_target=0.03, warmup_steps=40))
    restarts = dict(initial_learning_rate=0.3, first_decay_steps=40, m_mul=0.8, alpha=0.1)
    add("CosineDecayRestarts", *(restarts | dict(t_mul=t_mul) for t_mul in (1.5, 2.0, 1.0)))
    cases.extend(("CosineDecayRestarts", restarts | dict(t_mul=t_mul), "float32") for t_mul in (2.0, 1.0))
    return cases


def call_in_words(name, options):
    def words(value):
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], tuple):
            return "[" + ", ".join(call_in_words(*part) for part in value) + "]"
        return getattr(value, "__name__", value)

    return f"{name}({in_words({key: words(value) for key, value in options.items()})})"


def new_scheduler(optimizer, name, options):
    """Schedulers among the options are made first."""
    if "schedulers" in options:
        options = options | {"schedulers": [new_scheduler(optimizer, *part) for part in options["schedulers"]]}
    # ChainedScheduler knows its optimizer from its parts.
    return getattr(lr_scheduler, name)(*([] if name == "ChainedScheduler" else [optimizer]), **options)


def in_json(value):
    """The value with text keys and without numbers that JSON lacks."""
    if isinstance(value, dict):
        return {str(key): in_json(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [in_json(entry) for entry in value]
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    assert value is None or type(value) in (bool, int, float, str), f"{value!r} in a state"
    return value


def groups_of(optimizer):
    return [in_json({key: value for key, value in group.items() if key != "params"})
            for group in optimizer.param_groups]


def torch_case(name, options, lrs, *, metrics=None, refused=False):
    words = call_in_words(name, options) + (", two groups" if len(lrs) == 2 else "")
    if metrics and None in metrics:
        words += ", NaN among the metrics"
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in lrs]
    optimizer = torch.optim.SGD(groups, momentum=0.6)
    scheduler = new_scheduler(optimizer, name, options)
    case = {"name": words, "class": name, "group": groups_of(optimizer)[0], "groups": groups_of(optimizer)}
    case |= {"state": in_json(scheduler.state_dict()), "state_text": json.dumps(scheduler.state_dict(), default=float)}
    if refused:
        return case | {"refused": True}
    case["lrs"] = [[] for _ in lrs]
    if metrics:
        case["metrics"] = metrics
    for tick in range(TICKS):
        if tick == SAVED_AFTER:
            case |= {"state_after": in_json(scheduler.state_dict()), "groups_after": groups_of(optimizer)}
        for group, rates in zip(optimizer.param_groups, case["lrs"]):
            rates.append(group["lr"])
        optimizer.step()
        if tick < TICKS - 1:  # OneCycleLR ends
            scheduler.step(*([math.nan if metrics[tick] is None else metrics[tick]] if metrics else []))
    return case


def keras_case(name, options, dtype):
    keras.config.set_floatx(dtype)
    schedule = getattr(keras.optimizers.schedules, name)(**options)
    rates = [keras.ops.convert_to_numpy(schedule(tick)) for tick in range(TICKS)]
    assert all(str(rate.dtype) == dtype for rate in rates), f"{name} is not computed in {dtype}"
    config = keras.optimizers.schedules.serialize(schedule)
    return {"name": f"{call_in_words(name, options)}, {dtype}", "config": config, "dtype": dtype,
            "lrs": [float(rate) for rate in rates]}


def record():
    turns = itertools.cycle(LRS)
    cases = [torch_case(name, options, groups or [next(turns)]) for name, options, groups in torch_options()]
    cases += [torch_case("ReduceLROnPlateau", options, groups or [next(turns)], metrics=metrics)
              for options, metrics, groups in plateau_options()]
    cases += [torch_case(name, options, [next(turns)], refused=True) for name, options in refused_options()]
    versions = {"python": platform.python_version(), "torch": torch.__version__, "keras": keras.__version__}
    return versions, {"torch": cases, "keras": [keras_case(*case) for case in keras_options()]}


def check(cases):
    assert len({case["name"] for case in cases}) == len(cases), "a name is there twice"
    for case in cases:
        for rates in case["lrs"] if "class" in case and "lrs" in case else [case.get("lrs")]:
            if rates is not None:
                assert len(rates) == TICKS and all(map(math.isfinite, rates)), case["name"]
                assert len(set(rates)) > 1, f"{case['name']} is constant"


def main():
    versions, peers = record()
    lines = [f'"versions": {json.dumps(versions)}']
    for peer, cases in peers.items():
        check(cases)
        encoded = ",\n".join(json.dumps(case, allow_nan=False, separators=(",", ":")) for case in cases)
        lines.append(f'"{peer}": [\n{encoded}\n]')
        print(f"{peer}: {len(cases)} cases")
    with open(HERE / "schedules.json.gz", "wb") as file:
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as zipped:
            zipped.write(("{" + ",\n".join(lines) + "}\n").encode())


if __name__ == "__main__":
    main()
