#!/usr/bin/env bash
# Makes build/optuna-venv, a Python with the Optuna that thalweg's search is compared with, and prints the path of its
# python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

venv=build/optuna-venv
if ! "$venv/bin/python" -c 'import optuna; assert optuna.__version__ == "5.0.0"' 2>/dev/null; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv >&2
  say "Installing optuna 5.0.0 into $venv (by pip; nothing else of thalweg needs Python)" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet optuna==5.0.0 >&2
fi
echo "$venv/bin/python"
