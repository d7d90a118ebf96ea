# Sourced by what needs a bare Debian 12 to run commands in: fresh_debian.sh, tests/packages/deb.sh.
# shellcheck shell=bash

# make_bare_debian PACKAGES: a minimal system with these packages (commas between) and nothing else, in a temporary folder
# that is named in $root and removed when the script ends. It is made from the mirror that this machine's apt uses.
make_bare_debian() {
  local program=${0##*/} sources mirror
  [[ $EUID -eq 0 ]] || { echo "$program needs root for chroot" >&2 && exit 1; }
  command -v debootstrap >/dev/null || { echo "$program needs the package debootstrap" >&2 && exit 1; }

  root=$(mktemp --directory --tmpdir bare-debian.XXXXXX)
  chmod 755 "$root"
  bare_debian_mounted=()
  trap remove_bare_debian EXIT

  sources=$(apt_sources | grep --extended-regexp ' bookworm(-updates|-security|/updates)? ') ||
    { echo "this machine's apt knows no mirror of Debian 12 (bookworm)" >&2 && exit 1; }
  mirror=$(awk '$3 == "bookworm" { print $2; exit }' <<<"$sources")
  echo "== Making a bare Debian 12 from $mirror in $root"
  debootstrap --variant=minbase --include="$1" bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail "$root.log" "$root/debootstrap/debootstrap.log" >&2 && exit 1; }
  rm "$root.log"
  printf '%s\n' "$sources" >"$root/etc/apt/sources.list"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  apt-config dump Acquire --format '%F "%v";%n' | grep --ignore-case proxy >"$root/etc/apt/apt.conf.d/99proxy" || true

  # What is thrown away need not reach the disk first.
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/thrown-away"

  # Where mounting is not allowed, nothing that runs there is the worse for it.
  if mount --types proc proc "$root/proc" 2>/dev/null; then bare_debian_mounted+=("$root/proc"); fi
}

# apt_sources: Debian's own sources of this machine, and nobody else's.
apt_sources() {
  # shellcheck disable=SC2016  # apt-get's own placeholders
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | sort -u
}

# remove_bare_debian: what is mounted goes first.
# shellcheck disable=SC2317  # called by the trap
remove_bare_debian() {
  local folder
  for folder in "${bare_debian_mounted[@]}"; do umount "$folder"; done
  rm -rf --one-file-system "$root"
}

# in_bare_debian COMMAND…: runs it there as root, with a bare environment.
in_bare_debian() {
  chroot "$root" /usr/bin/env --ignore-environment HOME=/root TERM=dumb DEBIAN_FRONTEND=noninteractive \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" </dev/null
}
