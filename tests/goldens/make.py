#!/usr/bin/env python3
"""Records what PyTorch, Optax and Keras compute, for goldens_test.cc. Run from anywhere; rewrites *.txt beside it.

    python3 -m venv /tmp/goldens && /tmp/goldens/bin/pip install torch==2.13.0 optax==0.2.8 keras==3.15.1 jax && \
        /tmp/goldens/bin/python tests/goldens/make.py

Everything is float64. Numbers are C's hexadecimal floats, so that no digit is lost. A file is lines of a key and its
values; `gradient` and what follows it belong to one step:

    case TEXT                who computed it, and with which options in its own words
    options RULE:NAME=VALUE  the same in thalweg's words
    start θ…                 parameters before the first step
    lr η                     from here on
    gradient g…              or `gradient none`: a step of others, in which this parameter has no gradient
    theta θ…                 parameters after the step
    state NAME …             a state column after the step, under thalweg's name
"""

import os
import pathlib

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"

import numpy  # noqa: E402

HERE = pathlib.Path(__file__).parent
ELEMENTS = 5
STEPS = 6
LR_CHANGE = (3, 0.005)  # from this step (counted from 0) on; tells η inside the momentum buffer from η outside
NO_GRADIENT = 2  # in PyTorch's cases this step has none: step numbers are the parameter's own


class Lines:
    """Collects a file's lines."""

    def __init__(self, peer):
        self.peer = peer
        self.lines = [f"# Recorded from {peer} by make.py."]

    def add(self, key, values):
        self.lines.append(f"{key} " + " ".join(float(x).hex() for x in numpy.asarray(values).ravel()))

    def case(self, text, rule, options, start):
        def number(value):
            return str(value).lower() if isinstance(value, bool) else repr(value)

        self.lines.append(f"case {self.peer} {text}")
        self.lines.append(f"options {rule}:" + ",".join(f"{k}={number(v)}" for k, v in options.items()))
        self.add("start", start)

    def write(self, name):
        (HERE / name).write_text("\n".join(self.lines) + "\n")


def numbers(seed):
    """Start and gradients: normal, of several sizes, with an exact zero."""
    generator = numpy.random.default_rng(seed)
    start = numpy.round(generator.normal(size=ELEMENTS), 6)
    sizes = numpy.array([1, 1, 0.05, 8, 1])
    gradients = numpy.round(generator.normal(size=(STEPS, ELEMENTS)) * sizes, 6)
    gradients[0, 1] = 0
    return start, gradients


def torch_cases():
    import torch

    torch.set_default_dtype(torch.float64)  # NAdam keeps its product of μ in this type
    out = Lines(f"PyTorch {torch.__version__.split('+')[0]}")

    rmsprop = dict(lr=0.02, alpha=0.85, eps=1e-3)
    sgd = dict(lr=0.1)
    adam = dict(lr=0.02, betas=(0.8, 0.95), eps=1e-3)
    cases = []

    def case(function, base, **options):
        cases.append((function, base | options))

    case("SGD", sgd)
    case("SGD", sgd, momentum=0.7)
    case("SGD", sgd, momentum=0.7, dampening=0.4)
    case("SGD", sgd, momentum=0.7, nesterov=True)
    case("SGD", sgd, weight_decay=0.3)
    case("SGD", sgd, momentum=0.7, weight_decay=0.3, maximize=True)
    case("SGD", sgd, momentum=0.7, dampening=0.4, weight_decay=0.3, maximize=True)
    case("RMSprop", rmsprop)
    case("RMSprop", rmsprop, centered=True)
    case("RMSprop", rmsprop, momentum=0.7)
    case("RMSprop", rmsprop, momentum=0.7, centered=True, weight_decay=0.3)
    case("RMSprop", rmsprop, weight_decay=0.3, maximize=True)
    case("RMSprop", rmsprop, momentum=0.7, centered=True, weight_decay=0.3, maximize=True)
    for function in ("Adam", "AdamW"):
        for amsgrad in (False, True):
            case(function, adam, amsgrad=amsgrad, weight_decay=0.0)
            case(function, adam, amsgrad=amsgrad, weight_decay=0.3)
            case(function, adam, amsgrad=amsgrad, weight_decay=0.3, maximize=True)
    case("Adam", adam, weight_decay=0.3, decoupled_weight_decay=True)
    case("NAdam", adam, momentum_decay=0.05)
    case("NAdam", adam, momentum_decay=0.05, weight_decay=0.3)
    case("NAdam", adam, momentum_decay=0.05, weight_decay=0.3, decoupled_weight_decay=True)
    case("NAdam", adam, momentum_decay=0.05, weight_decay=0.3, decoupled_weight_decay=True, maximize=True)

    columns = {"square_avg": "v", "grad_avg": "m", "momentum_buffer": "b", "exp_avg": "m", "exp_avg_sq": "v",
               "max_exp_avg_sq": "x"}
    for seed, (function, options) in enumerate(cases):
        start, gradients = numbers(seed)
        ours = dict(options)
        if "betas" in ours:
            ours["beta1"], ours["beta2"] = ours.pop("betas")
        rule = function.lower()
        text = f"{function}({', '.join(f'{k}={v}' for k, v in options.items())})"
        out.case(text, rule, ours, start)
        theta = torch.tensor(start, requires_grad=True)
        optimizer = getattr(torch.optim, function)([theta], foreach=False, **options)
        for step in range(STEPS):
            if step == LR_CHANGE[0]:
                optimizer.param_groups[0]["lr"] = LR_CHANGE[1]
                out.lines.append(f"lr {LR_CHANGE[1]}")
            if step == NO_GRADIENT:
                theta.grad = None
                out.lines.append("gradient none")
            else:
                theta.grad = torch.tensor(gradients[step])
                out.add("gradient", gradients[step])
            optimizer.step()
            out.add("theta", theta.detach().numpy())
            for name, value in optimizer.state[theta].items():
                if name in columns and value is not None:
                    out.add(f"state {columns[name]}", value.numpy())
    out.write("pytorch.txt")


def optax_cases():
    import jax
    import jax.numpy
    import optax

    out = Lines(f"Optax {optax.__version__}")
    base = dict(decay=0.85, eps=1e-3)
    cases = [
        dict(),
        dict(eps_in_sqrt=False),
        dict(initial_scale=0.2, momentum=0.7),
        dict(initial_scale=0.2, eps_in_sqrt=False, momentum=0.7, nesterov=True),
        dict(centered=True, momentum=0.7),
        dict(centered=True, eps_in_sqrt=False, momentum=0.7, nesterov=True),
        dict(bias_correction=True),
        dict(bias_correction=True, eps_in_sqrt=False, momentum=0.7),
        # v₀ > 0 here: without it v̂ − m̂² is nothing but rounding in step 1.
        dict(bias_correction=True, centered=True, initial_scale=0.2, momentum=0.7, nesterov=True),
        dict(bias_correction=True, centered=True, initial_scale=0.2, eps_in_sqrt=False),
    ]
    for seed, changes in enumerate(cases):
        start, gradients = numbers(100 + seed)
        options = base | changes
        ours = dict(lr=0.02, alpha=options["decay"], eps=options["eps"], lr_in_momentum=True,
                    eps_inside=options.get("eps_in_sqrt", True), momentum=options.get("momentum", 0.0),
                    nesterov=options.get("nesterov", False), centered=options.get("centered", False),
                    bias_correction=options.get("bias_correction", False),
                    initial_accumulator_value=options.get("initial_scale", 0.0))
        out.case(f"rmsprop({', '.join(f'{k}={v}' for k, v in options.items())})", "rmsprop", ours, start)
        lr = lambda count: jax.numpy.where(count < LR_CHANGE[0], 0.02, LR_CHANGE[1])  # noqa: E731
        optimizer = optax.rmsprop(learning_rate=lr, **options)
        theta = jax.numpy.asarray(start, dtype=jax.numpy.float64)
        state = optimizer.init(theta)
        for step in range(STEPS):
            if step == LR_CHANGE[0]:
                out.lines.append(f"lr {LR_CHANGE[1]}")
            out.add("gradient", gradients[step])
            updates, state = optimizer.update(jax.numpy.asarray(gradients[step]), state, theta)
            theta = optax.apply_updates(theta, updates)
            assert theta.dtype == jax.numpy.float64
            out.add("theta", theta)
            for part in jax.tree_util.tree_leaves(state, is_leaf=lambda x: hasattr(x, "_fields")):
                for field, name, sign in (("nu", "v", 1), ("mu", "m", 1), ("trace", "b", -1)):
                    if hasattr(part, field):
                        out.add(f"state {name}", sign * numpy.asarray(getattr(part, field)))
    out.write("optax.txt")


def keras_cases():
    import keras

    keras.config.set_floatx("float64")
    out = Lines(f"Keras {keras.__version__} (JAX)")
    base = dict(rho=0.85, epsilon=1e-3)
    cases = [dict(), dict(centered=True), dict(momentum=0.7), dict(momentum=0.7, centered=True),
             dict(weight_decay=0.3), dict(momentum=0.7, centered=True, weight_decay=0.3)]
    for seed, changes in enumerate(cases):
        start, gradients = numbers(200 + seed)
        options = base | changes
        ours = dict(lr=0.02, alpha=options["rho"], eps=options["epsilon"], lr_in_momentum=True, eps_inside=True,
                    momentum=options.get("momentum", 0.0), centered=options.get("centered", False),
                    weight_decay=options.get("weight_decay", 0.0), decoupled_weight_decay=True)
        out.case(f"RMSprop({', '.join(f'{k}={v}' for k, v in options.items())})", "rmsprop", ours, start)
        theta = keras.Variable(start, dtype="float64")
        optimizer = keras.optimizers.RMSprop(learning_rate=0.02, **options)
        for step in range(STEPS):
            if step == LR_CHANGE[0]:
                optimizer.learning_rate = LR_CHANGE[1]
                out.lines.append(f"lr {LR_CHANGE[1]}")
            out.add("gradient", gradients[step])
            optimizer.apply([keras.ops.convert_to_tensor(gradients[step], dtype="float64")], [theta])
            out.add("theta", theta.numpy())
            out.add("state v", optimizer._velocities[0].numpy())
            if options.get("centered"):
                out.add("state m", optimizer._average_gradients[0].numpy())
            if options.get("momentum"):
                out.add("state b", optimizer._momentums[0].numpy())
    out.write("keras.txt")


if __name__ == "__main__":
    torch_cases()
    optax_cases()
    keras_cases()
