#!/usr/bin/env bash
# credit_data of Debian's r-cran-modeldata in ten folds beside scikit-learn: credit.sh THALWEG. Makes build/credit-venv.
set -euo pipefail
thalweg=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/setup.sh

install_packages r-base-core r-cran-modeldata python3-venv
venv=build/credit-venv
if ! "$venv/bin/python" -c 'import pandas, sklearn' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet scikit-learn pandas
fi
# The line that the page shows.
recipe=$(grep -o "Rscript -e '.*'" docs/applications/credit.md)
(cd build && eval "$recipe")
for dense in 0 32; do
  "$venv/bin/python" tests/applications/credit.py "$thalweg" build/credit.csv "$dense"
done
