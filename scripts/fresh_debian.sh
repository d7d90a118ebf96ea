#!/usr/bin/env bash
# Measures ./demo on a bare Debian 12: fresh_debian.sh [COMMAND…] (./demo without one). Needs root and debootstrap.
#
# A minimal system with git and nothing else is made in a temporary folder from the mirror that this machine's apt uses,
# the committed state of this repository is cloned into it, and the command runs there in a chroot. It prints the time the
# command took; ./demo itself prints how that divides into packages, build and comparison. report.html is brought back
# as build/fresh-debian-report.html. The folder (about 4 GB) is under TMPDIR and removed at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source scripts/bare_debian.sh

command=("${@:-./demo}")

make_bare_debian git,ca-certificates
git clone --quiet . "$root/root/thalweg"

echo "== Running ${command[*]}"
started=$SECONDS status=0
# shellcheck disable=SC2016  # for the shell in there
in_bare_debian bash -c 'cd /root/thalweg && exec "$@"' bash "${command[@]}" || status=$?
echo "== ${command[*]} on a bare Debian 12 took $((SECONDS - started)) s, exit code $status"
if [[ -e $root/root/thalweg/report.html ]]; then
  mkdir -p build
  cp "$root/root/thalweg/report.html" build/fresh-debian-report.html
fi
exit "$status"
