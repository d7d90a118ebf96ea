#!/usr/bin/env bash
# Tests what the compiler says of programs that do not compile: messages.sh BUILD SOURCE….
#
# A SOURCE has one comment `// expect: TEXT`: TEXT must stand in one of the first twelve lines, in an error. With
# `// expect: nothing` it must compile. It is compiled as tests/libtorch/errors_test.cc is, but for its syntax only.
set -euo pipefail

build=$1
command=$(sed -n 's|^ *"command": "\(.*\) -o [^ ]* -c [^ ]*/libtorch/errors_test.cc",$|\1|p' "$build/compile_commands.json")
[[ -n $command ]] || { echo "errors_test.cc is not in $build/compile_commands.json" >&2 && exit 1; }

status=0
for source in "${@:2}"; do
  source=$(realpath "$source")
  expected=$(sed -n 's|^// expect: ||p' "$source")
  # The command comes from the build's own file, as JSON text.
  output=$(cd "$build" && eval "${command//\\\"/\"} -fsyntax-only '$source'" 2>&1) && compiles=1 || compiles=0
  if [[ $expected == nothing ]]; then
    ((compiles)) && continue
  elif ((!compiles)) && head -n 12 <<<"$output" | grep --fixed-strings --quiet -- "$expected"; then
    continue
  fi
  status=1
  printf '%s: expected %s; the compiler said\n%s\n' "$source" "$expected" "$output" >&2
done
exit $status
