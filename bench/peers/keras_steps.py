"""Training steps of Keras 3 on JAX, timed on command.

    keras_steps.py THREADS

Reads lines "TASK STEPS" and answers each with the mean seconds of one step. The first line it prints is what runs.
"""

import os
import sys
import time

# As many cores as threads: JAX makes a thread for each that it may use. Both before it is imported.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
os.environ["KERAS_BACKEND"] = "jax"

import jax  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402

WARM_UP = 0.02


def linear():
    x = np.random.default_rng(1).standard_normal((100, 1), np.float32)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    return model, keras.losses.MeanSquaredError(), x, 3 * x + 2


def mlp():
    rng = np.random.default_rng(1)
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(128, "relu"), keras.layers.Dense(10)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return model, loss, rng.standard_normal((64, 28, 28, 1), np.float32), rng.integers(0, 10, 64)


def make_fit(task):
    """What takes so many steps as Keras' tutorials do: by `fit`, in one epoch."""
    model, loss, x, y = task()
    model.compile(optimizer=keras.optimizers.RMSprop(1e-3), loss=loss)

    def steps(count):
        many = (np.tile(x, (count,) + (1,) * (x.ndim - 1)), np.tile(y, (count,) + (1,) * (y.ndim - 1)))
        model.fit(*many, batch_size=len(x), epochs=1, verbose=0)  # compiles it, and warms up
        start = time.perf_counter()
        model.fit(*many, batch_size=len(x), epochs=1, verbose=0)
        return time.perf_counter() - start

    return steps


def make_jitted(task):
    """What takes so many steps as the guide to training loops in JAX writes them: on one batch, without a trainer."""
    model, loss, x, y = task()
    optimizer = keras.optimizers.RMSprop(1e-3)
    optimizer.build(model.trainable_variables)

    def compute_loss(trainable, fixed, x, y):
        outputs, fixed = model.stateless_call(trainable, fixed, x, training=True)
        return loss(y, outputs), fixed

    gradients = jax.value_and_grad(compute_loss, has_aux=True)

    @jax.jit
    def train_step(state, data):
        trainable, fixed, variables = state
        (value, fixed), grads = gradients(trainable, fixed, *data)
        trainable, variables = optimizer.stateless_apply(variables, grads, trainable)
        return value, (trainable, fixed, variables)

    held = [
        [v.value for v in model.trainable_variables],
        [v.value for v in model.non_trainable_variables],
        [v.value for v in optimizer.variables],
    ]

    def steps(count):
        for timed in False, True:
            start, done = time.perf_counter(), 0
            while done < count if timed else time.perf_counter() - start < WARM_UP:
                value, held[:] = train_step(tuple(held), (x, y))
                done += 1
            float(value)  # waits for it
        return time.perf_counter() - start

    return steps


TASKS = {
    "linear": (make_fit, linear),
    "linear_jitted": (make_jitted, linear),
    "mlp": (make_fit, mlp),
    "mlp_jitted": (make_jitted, mlp),
}


def main():
    print(f"Keras {keras.__version__} on JAX {jax.__version__}", flush=True)
    made = {}
    for line in sys.stdin:
        name, count = line.split()
        if name not in made:
            make, task = TASKS[name]
            made[name] = make(task)
        print(made[name](int(count)) / int(count), flush=True)


if __name__ == "__main__":
    main()
