#!/usr/bin/env bash
# Makes build/NAME-venv, a Python with packages that thalweg is tested or compared with, and prints the path of its
# python: python_with.sh NAME PACKAGE==VERSION…
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

venv=build/$1-venv
shift
for package in "$@"; do
  if ! "$venv/bin/pip" freeze 2>/dev/null | grep --quiet --line-regexp --fixed-strings --ignore-case "$package"; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv >&2
    say "Installing $* into $venv (by pip; nothing else of thalweg needs Python)" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "$@" >&2
    break
  fi
done
echo "$venv/bin/python"
