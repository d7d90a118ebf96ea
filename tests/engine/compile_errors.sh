#!/usr/bin/env bash
# Proves that misuse is told in one readable error: compile_errors.sh SOURCE COMPILER [FLAG…].
set -euo pipefail

source=$1
compile=("${@:2}" -std=c++20 -fsyntax-only "$source")
failures=0
"${compile[@]}" -DCASE=0
while read -r number words; do
  if output=$("${compile[@]}" "-DCASE=$number" 2>&1); then
    echo "case $number compiles; it should say: $words"
    failures=$((failures + 1))
    continue
  fi
  errors=$(grep --count -E '(^| )error:' <<<"$output" || true)
  if ((errors != 1)) || ! grep -E '(^| )error:' <<<"$output" | grep --quiet --fixed-strings "$words"; then
    printf 'case %s gives %s errors; one is wanted that says: %s\n%s\n' "$number" "$errors" "$words" "$output"
    failures=$((failures + 1))
  fi
done < <(sed -n 's/^#elif CASE == \([0-9]*\) *\/\/ says: /\1 /p' "$source")
exit $((failures > 0))
