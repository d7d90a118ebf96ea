#!/usr/bin/env bash
# Makes Debian's packages, has lintian look at them, and installs, uses and removes them on a bare Debian 12: deb.sh BUILD.
#
# BUILD is the finished build folder of the preset `packages`, or of another with its settings: without the adapter and
# the command, what is tested is the rest. Needs lintian; for the second part root and debootstrap (it is left out, and
# says so, where we are not root).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/setup.sh
source scripts/bare_debian.sh
trap 'echo "deb.sh: line $LINENO: not so: $BASH_COMMAND" >&2' ERR

build=$(realpath "$1")
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }
on() { [[ $(cached "$1") == ON ]]; }
version=$(sed -n 's/^project(thalweg VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
expected=(libthalweg-dev libthalweg0)
if on THALWEG_LAB; then expected+=(thalweg); fi

say "Making the packages"
rm -rf "$build"/packages
cpack -G DEB --config "$build/CPackConfig.cmake" -B "$build/packages"
debs=("$build"/packages/*.deb)
# field PACKAGE NAME: a field of its control file.
field() { dpkg-deb --field "$build"/packages/"$1"_*.deb "$2"; }
# files PACKAGE: what it installs, links with where they lead.
files() { dpkg-deb --contents "$build"/packages/"$1"_*.deb | awk '$1 !~ /^d/ { print $6, $7, $8 }' | sed 's/ *$//'; }
diff <(printf '%s\n' "${expected[@]}") <(for deb in "${debs[@]}"; do dpkg-deb --field "$deb" Package; done)

folder=usr/lib/$(dpkg-architecture --query DEB_HOST_MULTIARCH)
soname=libthalweg.so.${version%.*}
diff - <(files libthalweg0 | grep --invert-match libtorch | grep 'lib.*\.so') <<END
./$folder/$soname -> libthalweg.so.$version
./$folder/libthalweg.so.$version
END
# expect_files PACKAGE FILE…: it installs each of them (a link: `NAME -> TARGET`).
expect_files() {
  local file
  files "$1" >"$build/packages/files"
  for file in "${@:2}"; do
    grep --quiet --line-regexp --fixed-strings "./$file" "$build/packages/files" || fail "$1 has no $file"
  done
}
expect_files libthalweg-dev usr/include/thalweg/thalweg.h usr/include/thalweg/rules.h "$folder/libthalweg.so -> $soname" \
  "$folder/cmake/thalweg/thalwegConfig.cmake" "$folder/pkgconfig/thalweg.pc"
# What a program is linked with decides of which package it depends, and on which version.
dpkg-deb --info "$build"/packages/libthalweg0_*.deb shlibs | grep --line-regexp "libthalweg ${version%.*} libthalweg0 (= $(field libthalweg0 Version))"
[[ $(field libthalweg0 Depends) == *"libhwy1 (>="* && $(field libthalweg0 Depends) == *"libc6 (>="* ]]
[[ $(field libthalweg-dev Depends) == *"libthalweg0 (= $(field libthalweg0 Version))"*libhwy-dev* ]]
if on THALWEG_TORCH; then
  [[ $(field libthalweg0 Depends) == *libtorch1* && $(field libthalweg-dev Recommends) == libtorch-dev ]]
  expect_files libthalweg0 "$folder/libthalweg_libtorch.so.$version" "$folder/libthalweg_libtorch.so.${version%.*} -> libthalweg_libtorch.so.$version"
fi
if on THALWEG_LAB; then
  [[ $(field thalweg Depends) == *"libthalweg0 (= $(field libthalweg0 Version))"*libsqlite3-0* ]]
  expect_files thalweg usr/bin/thalweg usr/share/doc/thalweg/copyright.dygraphs usr/share/man/man1/thalweg-train.1.gz usr/share/bash-completion/completions/thalweg
fi

say "lintian"
lintian --allow-root --fail-on error,warning "${debs[@]}"

if [[ $EUID -ne 0 ]]; then
  say "Left out, since only root can make a bare Debian: the packages are not installed and not used"
  exit
fi
make_bare_debian ca-certificates
mkdir "$root/root/thalweg"
cp "${debs[@]}" "$root/root"
cp --recursive --parents tests/consumer tests/packages examples "$root/root/thalweg"
in_bare_debian /root/thalweg/tests/packages/on_debian.sh "$(on THALWEG_TORCH && echo libtorch)" "$(on THALWEG_LAB && echo command)"
