#!/usr/bin/env bash
# Adds a toy rule to a copy of the tree and runs its tests: what CONTRIBUTING.md says about adding a rule is enough.
#
#   run.sh SOURCE WORK [CMAKE FLAG…]     SOURCE: the checkout; WORK: a folder for the copy and its build
set -euo pipefail

source_tree=$(realpath "$1")
mkdir -p "$2"
work=$(realpath "$2")
shift 2

# Files keep their times, so that a second run compiles only what has changed.
rm -rf "$work/fresh"
mkdir "$work/fresh"
git -C "$source_tree" ls-files -z --cached --others --exclude-standard --deduplicate |
  (cd "$source_tree" && while IFS= read -r -d '' file; do [[ -f $file ]] && printf '%s\0' "$file"; done) |
  tar -C "$source_tree" --null --files-from=- --create | tar -C "$work/fresh" --extract
git -C "$work/fresh" init --quiet
git -C "$work/fresh" apply -C1 "$source_tree/tests/toy_rule/toy.patch"
rm -rf "$work/fresh/.git" "$work/tree"
mv "$work/fresh" "$work/tree"

cmake -S "$work/tree" -B "$work/build" -DCMAKE_BUILD_TYPE=Debug -DTHALWEG_TORCH=OFF -DTHALWEG_LAB=OFF \
  -DTHALWEG_EXAMPLES=OFF -DTHALWEG_TESTS=ON "$@"
cmake --build "$work/build" --target matrix_tests
"$work/build/tests/engine/matrix_tests" --gtest_filter='*toy*:Samples.*' | tee "$work/output"
if ! grep --quiet 'Matrix.EveryOptionSet/toy' "$work/output"; then
  echo "the toy rule's matrix did not run" >&2
  exit 1
fi

# Without its sample, the rule must be missed.
git -C "$work/tree" init --quiet
git -C "$work/tree" apply -C1 --reverse --include=tests/engine/samples.h "$source_tree/tests/toy_rule/toy.patch"
rm -rf "$work/tree/.git"
cmake --build "$work/build" --target matrix_tests
if "$work/build/tests/engine/matrix_tests" --gtest_filter='Samples.EveryRuleHasOne' >"$work/output"; then
  echo "a rule without a sample was not noticed" >&2
  exit 1
fi
grep --quiet 'rule toy needs one sample' "$work/output"
echo "a rule without a sample is noticed"
