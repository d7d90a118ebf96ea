"""Steps of an optimizer alone on one matrix, timed on command.

    optimizer_steps.py THREADS SIDE RULE    RULE: lamb (Optax on JAX) or adafactor (PyTorch)

Reads lines "MODE STEPS" and answers each with the mean seconds of one step, "inf" where the mode does not run here. The
first line it prints is what runs, then the modes that it knows, which differ in speed alone.
"""

import logging
import os
import sys
import time

WARM_UP = 3


def lamb(side):
    import jax
    import optax

    rule = optax.lamb(1e-6)

    def step(theta, state, gradient):
        update, state = rule.update(gradient, state, theta)
        return optax.apply_updates(theta, update), state

    jitted = jax.jit(step, donate_argnums=(0, 1))
    gradient = jax.random.normal(jax.random.key(1), (side, side))
    theta = jax.random.normal(jax.random.key(2), (side, side))
    held = [theta, rule.init(theta)]

    def run(count):
        for _ in range(count):
            held[:] = jitted(*held, gradient)
        jax.block_until_ready(held)

    return f"Optax {optax.__version__} on JAX {jax.__version__}", {"jit": lambda: run}


def adafactor(side, threads):
    import torch

    torch._logging.set_logs(all=logging.ERROR)  # or torch.compile tells at length where it breaks the graph
    torch.set_num_threads(threads)
    torch.manual_seed(1)

    def make(foreach, compiled=False):
        theta = torch.randn(side, side).requires_grad_()
        theta.grad = torch.randn(side, side)
        optimizer = torch.optim.Adafactor([theta], lr=1e-6, foreach=foreach)
        step = torch.compile(optimizer.step) if compiled else optimizer.step

        def run(count):
            for _ in range(count):
                step()

        return run

    return f"PyTorch {torch.__version__}", {
        "loop": lambda: make(False),
        "foreach": lambda: make(True),
        "compiled": lambda: make(False, True),
    }


def main():
    threads, side, rule = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])  # XLA takes as many threads as it may
    what, modes = lamb(side) if rule == "lamb" else adafactor(side, threads)
    print(what, *modes, sep="; ", flush=True)
    made = {}
    for line in sys.stdin:
        mode, count = line.split()
        try:
            if mode not in made:
                made[mode] = modes[mode]()
                made[mode](WARM_UP)
            start = time.perf_counter()
            made[mode](int(count))
            print((time.perf_counter() - start) / int(count), flush=True)
        except Exception as error:  # torch.compile raises many kinds where it finds no compiler
            print(f"{mode}: {error}", file=sys.stderr)
            print("inf", flush=True)


if __name__ == "__main__":
    main()
