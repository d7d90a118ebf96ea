#!/usr/bin/env bash
# Makes build/peers-venv, a Python with the PyTorch that thalweg is compared with, and prints the path of its python. JAX
# and Optax, which one comparison needs, are added if they can be had.
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
if ! "$venv/bin/python" -c 'import jax, optax; assert optax.__version__ == "0.2.8"' 2>/dev/null; then
  "$venv/bin/pip" install --quiet optax==0.2.8 jax >&2 || say "No JAX and Optax: LAMB is not compared with Optax'" >&2
fi
echo "$venv/bin/python"
