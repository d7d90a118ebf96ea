#!/usr/bin/env bash
# Proves one way in which a project finds thalweg: run.sh HOW SOURCE WORK [CMAKE_FLAG…].
#
#   install, install_shared        build the engine alone and install it, as a packager would
#   find_package, pkg-config       use what `install` with the same WORK has installed, from C++ and C
#   no_exceptions                  the same, compiled with -fno-exceptions -fno-rtti
#   components                     what find_package says of components that are there, and that are not
#   shared                         uses what `install_shared` has installed, from C++, C and Python
#   install_next                   installs a next version, with two rules and their families and without dialects, compiled
#                                  with flags that would break it
#   two_versions                   what a library shows that has the first one inside, and a program with both
#   add_subdirectory, FetchContent use the source folder, for a debugger, and look whether thalweg is compiled optimised
#                                  all the same, without a build type too
#   libtorch                       installs from the finished build folder SOURCE, and uses adapter and engine
#
# Where a toolchain file is among the flags, THALWEG_EMULATOR is the command that runs what it builds.
set -euo pipefail

read -ra emulator <<<"${THALWEG_EMULATOR-}"
how=$1 source=$(realpath "$2") work=$3
flags=(-G Ninja -DCMAKE_BUILD_TYPE=Release "${@:4}")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")

# Of the compiler's -O flags the last one counts.
expect_optimised() {
  local command count=0
  while read -r command; do
    count=$((count + 1))
    if [[ $(grep --only-matching -E -- ' -O[0-9a-z]*' <<<"$command" | tail -n 1) != " -O"[23] ]]; then
      echo "run.sh: not optimised: $command" >&2
      exit 1
    fi
  done < <(grep '"command":' "$1" | grep -E '/(kernels|src)/[a-z0-9_/]*\.cc",$')
  if ((count < 80)); then
    echo "run.sh: $1 has $count sources, which are fewer than thalweg has" >&2
    exit 1
  fi
}

mkdir -p "$work"
cd "$work"

if [[ $how == install_next ]]; then
  rm -rf next prefix_next
  mkdir next
  (cd "$source" && cp -r CMakeLists.txt LICENSE cmake include packaging src "$OLDPWD/next")
  find next/include next/src -type f -exec sed -i 's/inline v0_1\b/inline v0_2/' {} +
  sed -i 's/VERSION 0[.]1[.]0/VERSION 0.2.0/' next/CMakeLists.txt
  sed -i 's/double lr = 1e-2;/double lr = 0.5;/' next/include/thalweg/rules/rmsprop.h
  next=(cmake "${flags[@]}" -B next/build -S next -DTHALWEG_TORCH=OFF -DTHALWEG_LAB=OFF -DTHALWEG_DATA=OFF -DTHALWEG_TESTS=OFF
    -DTHALWEG_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX="$PWD/prefix_next" -DTHALWEG_DIALECTS=OFF)
  if "${next[@]}" "-DTHALWEG_RULES=rmsprop;adamm" >next/said 2>&1; then
    echo "run.sh: the rule adamm is taken" >&2
    exit 1
  fi
  grep --quiet "THALWEG_RULES: 'adamm' is none of sgd, rmsprop," next/said
  # And as in a project that switches off what thalweg cannot do without.
  "${next[@]}" "-DTHALWEG_RULES=rmsprop;;adam" "-DCMAKE_CXX_FLAGS=-ffast-math -fno-exceptions -fno-rtti"
  cmake --build next/build
  cmake --install next/build
  exit
fi

if [[ $how == install* ]]; then
  # As deep in the tree as the presets' build folders: then ccache knows what they have compiled.
  engine=$source/build/consumer-engine${how#install} prefix=$PWD/prefix${how#install}
  rm -rf "$engine" "$prefix"
  cmake "${flags[@]}" -B "$engine" -S "$source" -DTHALWEG_TORCH=OFF -DTHALWEG_LAB=OFF -DTHALWEG_DATA=OFF -DTHALWEG_TESTS=OFF \
    -DTHALWEG_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX="$prefix" -DBUILD_SHARED_LIBS="$([[ $how == install_shared ]] && echo ON || echo OFF)"
  cmake --build "$engine"
  cmake --install "$engine"
  exit
fi

if [[ $how == components ]]; then
  # expect_found NAME WORDS TEXT: a project whose find_package has these words; TEXT is in what CMake says, or
  # without TEXT it finds thalweg::thalweg.
  expect_found() {
    mkdir -p "components/$1"
    printf 'cmake_minimum_required(VERSION 3.21)\nproject(%s LANGUAGES CXX)\nfind_package(thalweg %s)\n' "$1" "$2" >"components/$1/CMakeLists.txt"
    printf 'if(thalweg_FOUND AND NOT TARGET thalweg::thalweg)\n  message(FATAL_ERROR "no target")\nendif()\n' >>"components/$1/CMakeLists.txt"
    local status=0
    cmake "${flags[@]}" -B "components/$1/build" -S "components/$1" "-DCMAKE_PREFIX_PATH=$PWD/prefix" >"components/$1/said" 2>&1 || status=$?
    if [[ -z $3 ]]; then
      ((status == 0)) || { cat "components/$1/said" >&2 && exit 1; }
    else
      tr -s '\n ' ' ' <"components/$1/said" | grep --quiet --fixed-strings -- "$3" || { cat "components/$1/said" >&2 && exit 1; }
    fi
  }
  rm -rf components
  expect_found none "REQUIRED" ""
  expect_found engine "REQUIRED COMPONENTS engine" ""
  expect_found optional "REQUIRED OPTIONAL_COMPONENTS libtorch" ""
  expect_found torch "REQUIRED COMPONENTS libtorch" "component libtorch is none of those that are here: engine; this thalweg was built without LibTorch"
  expect_found unknown "REQUIRED COMPONENTS engin" "component engin is none of those that are here: engine"
  exit
fi

rm -rf "$how"
mkdir "$how"

if [[ $how == two_versions ]]; then
  compiler=${4#-DCMAKE_CXX_COMPILER=}
  for version in first second; do
    prefix=$PWD/prefix
    [[ $version == first ]] || prefix=$PWD/prefix_next
    PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig)
    export PKG_CONFIG_PATH
    read -ra cflags < <(pkg-config --cflags thalweg)
    read -ra libs < <(pkg-config --libs thalweg)
    for visibility in default hidden; do
      "$compiler" -std=c++20 -fPIC -Wall -Wextra -Werror "-fvisibility=$visibility" "-DPLUGIN=${version}_plugin" "${cflags[@]}" \
        -c "$here/plugin/plugin.cc" -o "$how/$version.$visibility.o"
      "$compiler" -shared "$how/$version.$visibility.o" "${libs[@]}" -o "$how/lib$version.$visibility.so"
    done
    # What the plug-in's own source made of thalweg's templates and inline functions is the plug-in's (weak, W V u) …
    own='(_Z(T.)?NK?7thalweg|thalweg_)'
    if nm --dynamic --defined-only "$how/lib$version.default.so" | grep -E " [A-TX-Z] $own"; then
      echo "run.sh: these are thalweg's, and are shown by a library that has it inside" >&2
      exit 1
    fi
    # … and is not shown either if that is compiled as hidden.
    nm --dynamic --defined-only "$how/lib$version.hidden.so" >"$how/$version.shown"
    grep --quiet " T ${version}_plugin" "$how/$version.shown"
    if grep -E " [A-Za-z] $own" "$how/$version.shown"; then
      echo "run.sh: these are shown by a hidden library that has thalweg inside" >&2
      exit 1
    fi
  done
  for visibility in default hidden; do
    "$compiler" -std=c++20 "$here/plugin/host.cc" "$how/libfirst.$visibility.so" "$how/libsecond.$visibility.so" \
      "-Wl,-rpath,$PWD/$how" -o "$how/host.$visibility"
    "$how/host.$visibility"
  done
  "$compiler" -std=c++20 "$here/plugin/host.cc" "$how/first.default.o" "$how/second.default.o" "$PWD"/prefix/lib*/libthalweg.a \
    "$PWD"/prefix_next/lib*/libthalweg.a -lhwy -pthread -o "$how/host.static"
  "$how/host.static" static
  exit
fi

consumer=(cmake "${flags[@]}" -B "$how/build" -S "$here" "-DHOW=$how" "-DEXAMPLES=$here/../../examples")
case $how in
  # Moved, because a package that only works where it was first put is none.
  find_package | pkg-config | no_exceptions) cp -r prefix "$how/moved" ;;
  shared) cp -r prefix_shared "$how/moved" ;;
esac
case $how in
  find_package | no_exceptions | shared)
    "${consumer[@]}" "-DCMAKE_PREFIX_PATH=$PWD/$how/moved"
    grep --quiet "^thalweg_DIR:PATH=$PWD/$how/moved" "$how/build/CMakeCache.txt"
    ;;
  pkg-config)
    PKG_CONFIG_PATH=$(find "$PWD/$how/moved" -name pkgconfig) "${consumer[@]}"
    ;;
  add_subdirectory | FetchContent)
    # Both compile the engine, and for a debugger; of the second one ccache knows everything. It is asked for a unity build.
    if ccache=$(command -v ccache); then
      consumer+=("-DCMAKE_CXX_COMPILER_LAUNCHER=env;CCACHE_BASEDIR=$source;CCACHE_NOHASHDIR=1;$ccache")
    fi
    consumer+=("-DTHALWEG_SOURCE=$source" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON)
    [[ $how == add_subdirectory ]] || consumer+=(-DCMAKE_UNITY_BUILD=ON)
    for type in "" Debug; do
      "${consumer[@]}" "-DCMAKE_BUILD_TYPE=$type"
      expect_optimised "$how/build/compile_commands.json"
    done
    # What is built of it need not have all rules.
    "${consumer[@]}" -DTHALWEG_RULES=rmsprop -DTHALWEG_DIALECTS=OFF
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
"${emulator[@]}" "$how/build/consumer"
"${emulator[@]}" "$how/build/own_rule"
if [[ -e $how/build/c_consumer ]]; then
  "${emulator[@]}" "$how/build/c_consumer"
fi
if [[ $how == shared ]]; then
  library=$(find "$PWD/$how/moved" -name libthalweg.so)
  readelf --dynamic "$library" | grep 'SONAME.*libthalweg\.so\.[0-9]*\.[0-9]*]'
  # A function that programs were linked with must not go.
  grep --only-matching '\bthalweg_[a-z_]*(' "$source/include/thalweg/c.h" | tr --delete '(' | sort --unique >"$how/declared"
  # Of two versions in one program each caller has its own.
  nm --dynamic --defined-only "$library" | grep 'T thalweg_create@@thalweg_0[.]1'
  nm --dynamic --defined-only --without-symbol-versions "$library" | sed -n 's/.* T \(thalweg_[a-z_]*\)$/\1/p' | sort >"$how/exported"
  diff "$how/declared" "$how/exported"
  diff "$here/c_functions.txt" "$how/exported"
  /usr/bin/python3 "$here/../../examples/python/by_ctypes.py" "$library"
  /usr/bin/python3 "$here/../../examples/python/by_cffi.py" "$source/include/thalweg/c.h" "$library"
fi
if [[ $how == libtorch ]]; then
  "$how/build/libtorch_consumer"
  compiler=${4#-DCMAKE_CXX_COMPILER=}
  PKG_CONFIG_PATH=$(find "$PWD/$how/prefix" -name pkgconfig)
  export PKG_CONFIG_PATH
  read -ra words < <(pkg-config --cflags --libs thalweg-libtorch)
  "$compiler" -std=c++20 "$here/libtorch.cc" "${words[@]}" -o "$how/by_pkg_config"
  LD_LIBRARY_PATH=$(pkg-config --variable=torch_libdir thalweg-libtorch)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$how/by_pkg_config"
fi
