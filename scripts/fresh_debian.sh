#!/usr/bin/env bash
# Measures ./demo on a bare Debian 12: fresh_debian.sh [COMMAND…] (./demo without one). Needs root and debootstrap.
#
# A minimal system with git and nothing else is made in a temporary folder from the mirror that this machine's apt uses,
# the committed state of this repository is cloned into it, and the command runs there in a chroot. It prints the time the
# command took; ./demo itself prints how that divides into packages, build and comparison. report.html is brought back
# as build/fresh-debian-report.html. The folder (about 4 GB) is under TMPDIR and removed at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ $EUID -eq 0 ]] || { echo "fresh_debian.sh needs root for chroot" >&2 && exit 1; }
command -v debootstrap >/dev/null || { echo "fresh_debian.sh needs the package debootstrap" >&2 && exit 1; }
command=("${@:-./demo}")

root=$(mktemp --directory --tmpdir fresh-debian.XXXXXX)
chmod 755 "$root"
mounted=()
# shellcheck disable=SC2317  # called by the trap
remove() {
  local folder
  for folder in "${mounted[@]}"; do umount "$folder"; done
  rm -rf --one-file-system "$root"
}
trap remove EXIT

# Debian's own sources of this machine, and nobody else's.
apt_sources() {
  # shellcheck disable=SC2016  # apt-get's own placeholders
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | sort -u
}
sources=$(apt_sources | grep --extended-regexp ' bookworm(-updates|-security|/updates)? ') ||
  { echo "this machine's apt knows no mirror of Debian 12 (bookworm)" >&2 && exit 1; }
mirror=$(awk '$3 == "bookworm" { print $2; exit }' <<<"$sources")

echo "== Making a bare Debian 12 from $mirror in $root"
debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
  { tail "$root.log" "$root/debootstrap/debootstrap.log" >&2 && exit 1; }
rm "$root.log"
# A machine's package lists are there, but older than the mirror's.
printf '%s\n' "$sources" >"$root/etc/apt/sources.list"
cp /etc/resolv.conf "$root/etc/resolv.conf"
apt-config dump Acquire --format '%F "%v";%n' | grep --ignore-case proxy >"$root/etc/apt/apt.conf.d/99proxy" || true

# Where mounting is not allowed, nothing in ./demo is the worse for it.
if mount --types proc proc "$root/proc" 2>/dev/null; then mounted+=("$root/proc"); fi
git clone --quiet . "$root/root/thalweg"

echo "== Running ${command[*]}"
started=$SECONDS status=0
chroot "$root" /usr/bin/env --ignore-environment HOME=/root TERM=dumb \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  bash -c 'cd /root/thalweg && exec "$@"' bash "${command[@]}" </dev/null || status=$?
echo "== ${command[*]} on a bare Debian 12 took $((SECONDS - started)) s, exit code $status"
if [[ -e $root/root/thalweg/report.html ]]; then
  mkdir -p build
  cp "$root/root/thalweg/report.html" build/fresh-debian-report.html
fi
exit "$status"
