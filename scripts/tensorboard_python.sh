#!/usr/bin/env bash
# Makes build/tensorboard-venv, a Python with the TensorBoard that reads thalweg's event files in tests, and prints the
# path of its python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

venv=build/tensorboard-venv
if ! "$venv/bin/python" -c 'import tensorboard.version as v; assert v.VERSION == "2.21.0"' 2>/dev/null; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv >&2
  say "Installing tensorboard 2.21.0 into $venv (by pip; nothing else of thalweg needs Python)" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet tensorboard==2.21.0 >&2
fi
echo "$venv/bin/python"
