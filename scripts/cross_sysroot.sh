#!/usr/bin/env bash
# Makes build/cross/arm64/root, a folder with Debian's AArch64 packages of what the engine and its tests need, and prints
# its path. cmake/aarch64.cmake looks for packages there.
#
# They come from the sources that this machine's apt has, are not installed, and the machine's own architectures and
# package lists stay as they are: apt is told another architecture, and to keep its lists in build/cross/arm64.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup.sh

packages=(libhwy1 libhwy-dev libgtest-dev libgmock-dev zlib1g zlib1g-dev)
folder=$PWD/build/cross/arm64

# Written last, so that a folder that is not whole is made anew.
if [[ $(cat "$folder/packages" 2>/dev/null) == "${packages[*]}" ]]; then
  echo "$folder/root"
  exit
fi

say "Fetching ${#packages[@]} packages for AArch64 into build/cross/arm64" >&2
rm -rf "$folder"
mkdir -p "$folder"/{root,packages.d,lists/partial,cache/archives/partial}
touch "$folder/status"
log=$folder/apt.log
apt=(apt-get --quiet=2 -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o "Dir::State=$folder"
  -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root)
# A source without this architecture fails here, and does not matter if another one has the packages.
"${apt[@]}" update >"$log" 2>&1 || true
if ! (cd "$folder/packages.d" && "${apt[@]}" download "${packages[@]}") >>"$log" 2>&1; then
  tail -n 20 "$log" >&2
  fail "apt-get could not fetch ${packages[*]} for arm64; all it said is in $log"
fi
for package in "$folder"/packages.d/*.deb; do
  dpkg-deb --extract "$package" "$folder/root"
done
# Links to /lib would lead to this machine's.
find "$folder/root" -type l -lname '/*' | while read -r link; do
  ln --symbolic --force --relative "$folder/root$(readlink "$link")" "$link"
done
echo "${packages[*]}" >"$folder/packages"
echo "$folder/root"
