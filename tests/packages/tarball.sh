#!/usr/bin/env bash
# Makes the tarball of the sources, and builds and installs from it where there is no git: tarball.sh BUILD WORK.
#
# BUILD is any finished build folder of this checkout.
set -euo pipefail
source=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
build=$(realpath "$1")
mkdir -p "$2"
work=$(realpath "$2")
version=$(sed -n 's/^project(thalweg VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")

# listed TARBALL: its files, without the folder that all of them are in.
listed() { tar --list --file "$1" | grep -v '/$' | sed "s,^thalweg-$version/,," | LC_ALL=C sort; }

echo "== The tarball has what git knows, and nothing else"
cd "$work"
rm -rf tarball prefix bin outside again
cpack -G TGZ --config "$build/CPackSourceConfig.cmake" -B "$work/tarball"
git -C "$source" -c core.quotePath=false ls-files | LC_ALL=C sort >expected
listed "tarball/thalweg-$version.tar.gz" | diff expected -

# Away from the checkout: there, git would find the one around it.
outside=$(mktemp --directory)
trap 'rm -rf "$outside"' EXIT
tar --extract --file "tarball/thalweg-$version.tar.gz" --directory "$outside"

# All commands but git.
mkdir bin
IFS=: read -ra folders <<<"$PATH"
for folder in "${folders[@]}"; do
  find "$folder/" -maxdepth 1 ! -name 'git*' ! -type d -exec ln --symbolic --target-directory=bin -- {} + 2>/dev/null || true
done
# without_git COMMAND…: runs it where there is none.
without_git() { env PATH="$work/bin" "$@"; }
if without_git sh -c 'command -v git'; then
  echo "tarball.sh: there is a git still" >&2
  exit 1
fi

echo "== The whole project configures, the engine builds and installs"
cd "$outside/thalweg-$version"
without_git cmake --preset release
without_git cmake --preset engine -DTHALWEG_TESTS=OFF -DTHALWEG_EXAMPLES=OFF
without_git cmake --build build/engine
without_git cmake --install build/engine --prefix "$work/prefix"
without_git cmake -S tests/consumer -B build/consumer -G Ninja -DHOW=find_package "-DEXAMPLES=$PWD/examples" "-DCMAKE_PREFIX_PATH=$work/prefix"
without_git cmake --build build/consumer
build/consumer/consumer
build/consumer/c_consumer

echo "== A tarball made of the tarball is the same"
without_git cpack -G TGZ --config build/engine/CPackSourceConfig.cmake -B "$work/again"
listed "$work/again/thalweg-$version.tar.gz" | diff "$work/expected" -
