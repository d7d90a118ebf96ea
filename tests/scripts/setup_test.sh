#!/usr/bin/env bash
# Tests how scripts/setup.sh installs packages, with stand-ins for dpkg-query, apt-get, id and sudo.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir bin
export PATH=$work/bin:/usr/bin:/bin

# stand_in NAME: a program of this name, which notes how it was called and then does what standard input says.
stand_in() {
  { echo '#!/bin/bash' && echo "echo $1 \"\$*\" >>$work/calls" && cat; } >"bin/$1"
  chmod +x "bin/$1"
}
# try NAME EXIT_CODE PACKAGE…: install_packages with these ends with that exit code.
try() {
  local status=0
  rm -f calls && touch calls
  bash -c 'set -euo pipefail; source "$1"; shift; install_packages "$@"' bash "$here/../../scripts/setup.sh" "${@:3}" \
    >output 2>&1 || status=$?
  [[ $status == "$2" ]] || { echo "$1: exit code $status instead of $2" && cat output calls && exit 1; }
}
# expect NAME FILE PATTERN
expect() { grep --quiet --extended-regexp -- "$3" "$2" || { echo "$1: nothing like \"$3\" in:" && cat "$2" && exit 1; }; }

stand_in dpkg-query <<'END'
# The packages named old-… are installed, gone-… was, new-… never.
for word in "$@"; do
  case $word in
    old-*) echo "installed $word" ;;
    gone-*) echo "config-files $word" ;;
    new-*) failed=1 ;;
  esac
done
exit ${failed:-0}
END
stand_in id <<<'echo 0'
stand_in apt-get <<<'exit 0'

try "nothing is missing" 0 old-a old-b
[[ ! -s output ]]
if grep apt-get calls; then exit 1; fi

try "as root" 0 old-a new-a gone-a
expect "as root" output "Installing 2 packages and what they need: gone-a new-a"
expect "as root" calls "^apt-get install --yes --no-install-recommends gone-a new-a "
if grep update calls; then exit 1; fi

stand_in apt-get <<<'[[ $* == *--simulate* ]] && exit 100; exit 0'
try "old lists" 0 new-a
expect "old lists" <(grep --invert-match simulate calls | grep apt-get | head -n 1) "^apt-get update"

stand_in apt-get <<<'[[ $* == *--simulate* || $* == update* ]] && exit 0; echo "no such package"; exit 100'
try "apt-get fails" 1 new-a
expect "apt-get fails" output "no such package"
expect "apt-get fails" output "error: apt-get could not install"

stand_in apt-get <<<'exit 0'
stand_in id <<<'echo 1000'
stand_in sudo <<<'exit 1'
try "sudo refuses" 1 new-a old-a
expect "sudo refuses" output "^  sudo apt-get install --yes --no-install-recommends new-a$"
if grep apt-get calls; then exit 1; fi

# shellcheck disable=SC2016  # expands when it runs
stand_in sudo <<<'[[ $1 == --non-interactive ]] && shift; "$@"'
try "sudo works" 0 new-a
expect "sudo works" calls "^sudo --non-interactive env DEBIAN_FRONTEND=noninteractive apt-get install --yes"

echo "install_packages installs, asks and refuses as it should"
