#!/usr/bin/env python3
"""Records what PyTorch, Keras, Keras 2, Optax, TensorFlow's raw operations, MLX and timm compute. Rewrites PEER.json.gz
beside it.

    python3 -m venv /tmp/goldens
    /tmp/goldens/bin/pip install torch==2.13.0 optax==0.2.8 keras==3.15.1 jax tensorflow==2.21.0 tf-keras==2.21.0
    /tmp/goldens/bin/pip install mlx[cpu]==0.32.4 safetensors
    /tmp/goldens/bin/pip install --no-deps timm==1.0.31        # its optimizers need PyTorch alone
    /tmp/goldens/bin/python tests/goldens/make.py              # all peers, each in a process of its own
    /tmp/goldens/bin/python tests/goldens/make.py torch optax  # only these
    /tmp/goldens/bin/python tests/goldens/make.py --keep       # cases that are there already keep their numbers

The last bits depend on the processor: PyTorch and XLA take other instructions where there is AVX-512. So that a diff
shows new cases alone, record them with --keep.

A file is a JSON list of cases in the format that `thalweg replay` reads, options in the peer's own names. What has
`dtype` float32 was computed in float by the peer; MLX computes everything so. Keys beyond that format:

    thalweg             the same options in thalweg's words, written here by hand from the peers' formulas
    thalweg_step_count  "per_parameter" or "shared": who counts the steps
    state               {"1": {"v": [...]}, ...}: state columns after each step, under thalweg's names; of several
                        parameters those that have the column, one after another
    rtol                the largest relative error that the peer itself allows: it computed some part in float32
    needs               what the case needs beyond its rule: "clip", "ema", "schedule", "first_state", or the name of
                        an option
    lr_by_step          with "schedule": the learning rates that the schedule gave, one a step
    first_state         with "first_state": columns that begin at another number than thalweg's rule would
    clip                with "clip", unless it is among Keras' own options: what is done to the gradients before
                        anything else. {"by": "value", "limit": c}: each element to ±c; {"by": "norm", "limit": c,
                        "eps": e}: each parameter's gradient times min(1, c / (its norm + e)); "global_norm": all of
                        them times one such factor, from the norm over all
    average             with "ema", likewise: {"kind": "ema", "decay": k, "bias_correction": false, "start": s,
                        "every": n}: after steps s, s + n, s + 2n, … a ← k a + (1 − k) θ, the first time a ← θ; with
                        bias_correction a begins at 0, and the average after j times is a / (1 − kʲ). {"kind": "mean",
                        "start": s, "every": n}: the mean of θ after those steps
    ema_by_step         with "ema": the averaged parameters after each step, from `start` on

torch_state.json.gz is another: PyTorch's optimizer state in the middle of a run, see torch_state_cases.py.

Left out: Optax's rprop, since 0.2.8 applies the step before.
"""

import importlib
import os
import subprocess
import sys

import recording

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

PEERS = ("torch", "optax", "keras", "keras2", "tf1", "mlx", "timm", "torch_state")  # each recorded by PEER_cases.py


def main(arguments):
    keep = "--keep" in arguments
    peers = [argument for argument in arguments if argument != "--keep"]
    unknown = set(peers) - set(PEERS)
    if unknown:
        sys.exit(f"make.py: no peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    if len(peers) == 1:
        recording.write(peers[0], importlib.import_module(f"{peers[0]}_cases").record(), keep)
        return
    flags = ["--keep"] if keep else []
    results = [subprocess.run([sys.executable, __file__, *flags, peer]).returncode for peer in peers or PEERS]
    sys.exit(1 if any(results) else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
