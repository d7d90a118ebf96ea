#!/usr/bin/env bash
# Proves one way in which a project finds thalweg: run.sh HOW SOURCE WORK [CMAKE_FLAG…].
#
#   install                        builds the engine alone and installs it, as a packager would
#   find_package, pkg-config       use what `install` with the same WORK has installed
#   add_subdirectory, FetchContent use the source folder, for a debugger, and look whether the kernels are compiled
#                                  optimised, without a build type too
#   libtorch                       installs from the finished build folder SOURCE, and uses adapter and engine
set -euo pipefail

how=$1 source=$(realpath "$2") work=$3
flags=(-G Ninja -DCMAKE_BUILD_TYPE=Release "${@:4}")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")

# Of the compiler's -O flags the last one counts.
expect_optimised_kernels() {
  local command count=0
  while read -r command; do
    count=$((count + 1))
    if [[ $(grep --only-matching -E -- ' -O[0-9a-z]*' <<<"$command" | tail -n 1) != " -O"[23] ]]; then
      echo "run.sh: not optimised: $command" >&2
      exit 1
    fi
  done < <(grep '"command":' "$1" | grep -E '/(kernels|backends/(cpu|reference))/[a-z0-9]*\.cc",$' | grep -v cpu/targets)
  if ((count < 10)); then
    echo "run.sh: $1 has $count kernels, which are fewer than there are rules" >&2
    exit 1
  fi
}

mkdir -p "$work"
cd "$work"

if [[ $how == install ]]; then
  # As deep in the tree as the presets' build folders: then ccache knows what they have compiled.
  engine=$source/build/consumer-engine
  rm -rf "$engine" prefix
  cmake "${flags[@]}" -B "$engine" -S "$source" -DTHALWEG_TORCH=OFF -DTHALWEG_LAB=OFF -DTHALWEG_TESTS=OFF \
    -DTHALWEG_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX="$PWD/prefix"
  cmake --build "$engine"
  cmake --install "$engine"
  exit
fi

rm -rf "$how"
mkdir "$how"
consumer=(cmake "${flags[@]}" -B "$how/build" -S "$here" "-DHOW=$how" "-DEXAMPLES=$here/../../examples")
if [[ $how == find_package || $how == pkg-config ]]; then
  # Moved, because a package that only works where it was first put is none.
  cp -r prefix "$how/moved"
fi
case $how in
  find_package)
    "${consumer[@]}" "-DCMAKE_PREFIX_PATH=$PWD/$how/moved"
    grep --quiet "^thalweg_DIR:PATH=$PWD/$how/moved" "$how/build/CMakeCache.txt"
    ;;
  pkg-config)
    PKG_CONFIG_PATH=$(find "$PWD/$how/moved" -name pkgconfig) "${consumer[@]}"
    ;;
  add_subdirectory | FetchContent)
    # Both compile the engine, and for a debugger; of the second one ccache knows everything.
    if ccache=$(command -v ccache); then
      consumer+=("-DCMAKE_CXX_COMPILER_LAUNCHER=env;CCACHE_BASEDIR=$source;CCACHE_NOHASHDIR=1;$ccache")
    fi
    for type in "" Debug; do
      "${consumer[@]}" "-DTHALWEG_SOURCE=$source" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "-DCMAKE_BUILD_TYPE=$type"
      expect_optimised_kernels "$how/build/compile_commands.json"
    done
    ;;
  libtorch)
    cmake --install "$source" --prefix "$PWD/$how/prefix"
    "${consumer[@]}" "-DCMAKE_PREFIX_PATH=$PWD/$how/prefix" "$(sed -n 's/^Torch_DIR:/-D&/p' "$source/CMakeCache.txt")"
    ;;
  *)
    echo "run.sh: HOW = $how is unknown" >&2
    exit 2
    ;;
esac
cmake --build "$how/build"
"$how/build/consumer"
"$how/build/own_rule"
if [[ $how == libtorch ]]; then
  "$how/build/libtorch_consumer"
fi
