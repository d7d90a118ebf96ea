#!/usr/bin/env bash
# Runs a page's commands and builds and runs its C++ examples as they stand there: run.sh PAGE BUILD.
#
# BUILD is a finished build folder; its thalweg command is on the PATH and the libraries are installed from it. Commands
# run in a fresh copy of the project, where build/release is BUILD, one after another, so that a later one can use what an
# earlier one wrote.
# Marks in the page say what is tested: see extract.awk.
set -euo pipefail

page=$(realpath "$1") build=$(realpath "$2")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
source=$(realpath "$here/../..")
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
mkdir --parents "$work/examples" "$work/copy/build"
ln --symbolic "$build" "$work/copy/build/release"

awk -v folder="$work/examples" -f "$here/extract.awk" "$page"
(cd "$source" && git ls-files -z --cached --others --exclude-standard --deduplicate |
  tar --create --null --files-from=- --ignore-failed-read) | tar --extract --directory="$work/copy"

passed=0 failed=0
# attempt NAME COMMAND…: runs one example and says how it went.
attempt() {
  local status=0
  timeout 600 "${@:2}" >"$work/output" 2>&1 </dev/null || status=$?
  if ((status == 0)); then
    passed=$((passed + 1))
    printf 'ok      %s\n' "$1"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s (exit %d)\n' "$1" "$status"
    sed 's/^/    /' "$work/output"
  fi
}

# The examples' own places in the page, for people.
place() { sed -n '1s/^[#/]* //p' "$1" | sed "s|.*/||"; }

shopt -s nullglob
programs=("$work"/examples/*.cc)
if ((${#programs[@]})); then
  cmake --install "$build" --prefix "$work/prefix" >/dev/null
  torch=$(sed -n 's/^Torch_DIR:[A-Z]*=//p' "$build/CMakeCache.txt")
  attempt "C++ examples: configure" cmake -G Ninja -S "$here" -B "$work/programs" -DCMAKE_BUILD_TYPE=Release \
    -DEXAMPLES="$work/examples" -DCMAKE_PREFIX_PATH="$work/prefix" ${torch:+"-DTorch_DIR=$torch"}
  for program in "${programs[@]}"; do
    name=$(basename "$program").run
    attempt "$(place "$program"): builds" cmake --build "$work/programs" --target "$name"
    attempt "$(place "$program"): runs" env --chdir="$work/programs" "./$name"  # they may write files
    if [[ -e ${program%.cc}.expected ]]; then
      cp "$work/output" "$work/printed"
      attempt "$(place "$program"): prints what the page shows" diff -u "${program%.cc}.expected" "$work/printed"
    fi
  done
fi

export PATH="$build/lab:$PATH"
cd "$work/copy"
for commands in "$work"/examples/*.sh; do
  attempt "$(place "$commands"): commands" bash "$commands"
done

printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
