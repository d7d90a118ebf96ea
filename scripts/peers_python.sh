#!/usr/bin/env bash
# Makes build/peers-venv, a Python with the PyTorch that thalweg is compared with, and prints the path of its python. JAX,
# Optax and Keras, which some comparisons need, are added if they can be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

venv=build/peers-venv
is_complete='import numpy, safetensors, torch; assert torch.__version__.split("+")[0] == "2.13.0"'
if ! "$venv/bin/python" -c "$is_complete" 2>/dev/null; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv >&2
  say "Installing torch 2.13.0 and safetensors into $venv (by pip; nothing else of thalweg needs Python)" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet torch==2.13.0 numpy safetensors >&2
fi
has_jax='import jax, keras, optax; assert (optax.__version__, keras.__version__) == ("0.2.8", "3.15.1")'
if ! KERAS_BACKEND=jax "$venv/bin/python" -c "$has_jax" 2>/dev/null; then
  "$venv/bin/pip" install --quiet optax==0.2.8 keras==3.15.1 jax >&2 ||
    say "No JAX, Optax and Keras: LAMB is not compared with Optax', steps not with Keras'" >&2
fi
echo "$venv/bin/python"
