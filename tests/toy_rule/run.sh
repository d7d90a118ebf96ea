#!/usr/bin/env bash
# Adds a toy rule to a copy of the tree and runs its tests: what CONTRIBUTING.md says about adding a rule is enough.
#
#   run.sh SOURCE WORK [CMAKE FLAG…]     SOURCE: the checkout; WORK: a folder for the copy and its build
set -euo pipefail

source_tree=$(realpath "$1")
mkdir -p "$2"
work=$(realpath "$2")
tree=$work/tree
shift 2

# Files keep their times, so that a second run compiles only what has changed. The build folder lies as deep in the tree
# as the presets' do: then ccache knows what they have compiled.
rm -rf "$work/fresh"
mkdir "$work/fresh"
git -C "$source_tree" ls-files -z --cached --others --exclude-standard --deduplicate |
  (cd "$source_tree" && while IFS= read -r -d '' file; do if [[ -f $file ]]; then printf '%s\0' "$file"; fi; done) |
  tar -C "$source_tree" --null --files-from=- --create | tar -C "$work/fresh" --extract
if [[ -d $tree/build ]]; then mv "$tree/build" "$work/fresh/build"; fi
rm -rf "$tree"
mv "$work/fresh" "$tree"

# git apply outside of any repository: the copy may lie inside the checkout.
change() { GIT_CEILING_DIRECTORIES=$work git -C "$tree" apply -C1 "$@" "$source_tree/tests/toy_rule/toy.patch"; }
build() { cmake --build "$tree/build/toy" --target matrix_tests; }
tests() { "$tree/build/toy/tests/engine/matrix_tests" --gtest_filter="$1" | tee "$work/output"; }

change
cmake -S "$tree" -B "$tree/build/toy" -DCMAKE_BUILD_TYPE=Release -DTHALWEG_TORCH=OFF -DTHALWEG_LAB=OFF \
  -DTHALWEG_EXAMPLES=OFF -DTHALWEG_TESTS=ON "$@"
build
tests '*toy*:Samples.*'
if ! grep --quiet 'OK.*Matrix.EveryOptionSet/toy' "$work/output"; then
  echo "the toy rule's matrix did not run" >&2
  exit 1
fi

# Without its sample, the rule must be missed.
change --reverse --include=tests/engine/samples.h
build
if tests Samples.EveryRuleHasOne; then
  echo "a rule without a sample was not noticed" >&2
  exit 1
fi
grep --quiet 'rule toy needs one sample' "$work/output"
echo "a rule without a sample is noticed, as it should be"
