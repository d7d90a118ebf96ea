#!/usr/bin/env bash
# Makes the benchmark's own Python environment, build/bench-venv, with the PyTorch that thalweg is compared with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

venv=build/bench-venv
if ! "$venv/bin/python" -c 'import torch; assert torch.__version__.split("+")[0] == "2.13.0"' 2>/dev/null; then
  echo "== Installing torch 2.13.0 into $venv (by pip; nothing else of thalweg needs Python)" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet torch==2.13.0 numpy
fi
echo "$venv/bin/python"
