#!/usr/bin/env bash
# Proves one way in which a project finds thalweg: run.sh HOW SOURCE WORK [CMAKE_FLAG…].
#
# HOW: find_package, pkg-config, add_subdirectory, FetchContent; or libtorch, with the build folder that has the
# adapter in place of the source folder. The installed thalweg is built by itself, as a packager would, and the time
# that takes is printed.
set -euo pipefail

how=$1 source=$(realpath "$2") work=$3
flags=(-G Ninja -DCMAKE_BUILD_TYPE=Release "${@:4}")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
rm -rf "$work"
mkdir -p "$work"
cd "$work"

# Installs the engine alone, from nothing.
install_engine() {
  SECONDS=0
  cmake "${flags[@]}" -B engine -S "$source" -DTHALWEG_TORCH=OFF -DTHALWEG_LAB=OFF -DTHALWEG_TESTS=OFF \
    -DTHALWEG_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX="$PWD/prefix"
  cmake --build engine
  cmake --install engine
  echo "The engine alone took $SECONDS s to configure, build and install"
}

consumer=(cmake "${flags[@]}" -B consumer -S "$here" "-DHOW=$how")
case $how in
  find_package)
    install_engine
    # Moved, because a package that only works where it was first put is none.
    mv prefix moved
    "${consumer[@]}" "-DCMAKE_PREFIX_PATH=$PWD/moved"
    ;;
  pkg-config)
    install_engine
    PKG_CONFIG_PATH=$(find "$PWD/prefix" -name pkgconfig) "${consumer[@]}"
    ;;
  add_subdirectory | FetchContent)
    "${consumer[@]}" "-DTHALWEG_SOURCE=$source"
    ;;
  libtorch)
    cmake --install "$source" --prefix "$PWD/prefix"
    "${consumer[@]}" "-DCMAKE_PREFIX_PATH=$PWD/prefix;$(sed -n 's/^CMAKE_PREFIX_PATH:[A-Z]*=//p' "$source/CMakeCache.txt")" \
      "$(grep '^Torch_DIR:' "$source/CMakeCache.txt" | sed 's/^/-D/')"
    ;;
  *)
    echo "run.sh: HOW = $how is unknown" >&2
    exit 2
    ;;
esac
cmake --build consumer
consumer/consumer
if [[ $how == libtorch ]]; then
  consumer/libtorch_consumer
fi
