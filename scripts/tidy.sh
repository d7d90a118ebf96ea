#!/usr/bin/env bash
# Runs clang-tidy on the engine's sources: tidy.sh [--all] BUILD. With --all on the lab's too, and with Clang's static
# analyzer (half a minute a source).
#
# Sources that passed and did not change since are left out, and so are those that include LibTorch: Clang 14 cannot
# compile LibTorch 1.13's headers with GCC 12's library as C++20.
set -euo pipefail

folders='src|examples'
checks='-clang-analyzer-*'
if [[ $1 == --all ]]; then
  folders='src|examples|lab'
  checks=''
  shift
fi
build=$1
tidy=clang-tidy-14
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
cd "$here/.."
stamps=$build/tidy
database=$build/tidy/database
mkdir -p "$database"

# The compile commands without the cache in front.
sed -E 's/("command": ")[^"]* (\/[^ ]*(c\+\+|g\+\+)[^ ]* )/\1\2/' "$build/compile_commands.json" >"$database/compile_commands.json"

# check SOURCE: silent if there is nothing to say. A stamp's name holds a hash of all that the result depends on.
check() {
  local source=$1 stamp output
  stamp=$stamps/$({ echo "$checks" && cat .clang-tidy "$source" "$stamps/headers"; } | sha256sum | cut -c1-32)
  [[ -e $stamp ]] && return
  if output=$($tidy --quiet --checks="$checks" -p "$database" "$source" 2>&1); then
    touch "$stamp"
  else
    printf '%s\n%s\n' "$source" "$(grep -v '^[0-9]* warnings\? ' <<<"$output")"
    return 1
  fi
}
export -f check
export stamps database tidy checks

git ls-files -z --cached --others --exclude-standard -- 'include/*.h' 'src/*.h' 'adapters/*.h' 'lab/*.h' |
  sort -z | xargs -0 cat | sha256sum >"$stamps/headers"
# What is not built (a stand-in for something that was left out) is not checked. Precompiled are LibTorch's headers.
sed '/cmake_pch/,/"file"/d' "$database/compile_commands.json" |
  grep -o '"file": "[^"]*"' | sed "s|\"file\": \"$PWD/||; s|\"$||" |
  grep -E "^($folders)/" | sort -u | { xargs grep -L '#include <torch/' || true; } | tr '\n' '\0' |
  xargs -0 -P "$(nproc)" -I SOURCE bash -c 'check SOURCE'
echo "clang-tidy has nothing to say"
