# Sourced by ./demo and ./test: what both need to say, to install and to build.
# shellcheck shell=bash disable=SC2034

# Packages of Debian 12, by what they are for.
packages_engine=(g++ cmake ninja-build libhwy-dev)
packages_lab=(libtorch-dev libopenblas-openmp-dev nlohmann-json3-dev libfmt-dev libcli11-dev libsqlite3-dev zlib1g-dev
  libpng-dev libjpeg-dev libboost-dev libtomlplusplus-dev libprotozero-dev libjs-dygraphs
  libsndfile1-dev libsamplerate0-dev)
packages_data=(dataset-fashion-mnist)
packages_bench=(libbenchmark-dev)
packages_test=(libgtest-dev libgmock-dev pkg-config git ccache chromium poppler-utils clang-14 libclang-rt-14-dev
  clang-format-14 clang-tidy-14 shellcheck doxygen zsh fish mandoc espeak-ng python3-cffi python3-numpy)
packages_cross=(g++-aarch64-linux-gnu qemu-user)

# say WORDS…: a line of what the script is doing.
say() { printf '== %s\n' "$*"; }

# fail WORDS…: says what is wrong and ends the script.
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# missing_packages NAME…: prints those that are not installed.
missing_packages() {
  comm -23 <(printf '%s\n' "$@" | sort) \
    <(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort)
}

# as_root COMMAND…: runs it as root; by sudo, which may ask for the password on a terminal, where we are not root.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif [[ -t 0 && -t 2 ]]; then
    sudo "$@"
  else
    sudo --non-interactive "$@"
  fi
}

# may_be_root: can as_root work?
may_be_root() {
  [[ $(id -u) == 0 ]] && return
  command -v sudo >/dev/null || return 1
  sudo --non-interactive true 2>/dev/null || { [[ -t 0 && -t 2 ]] && sudo --validate; }
}

# install_packages NAME…: installs those that are missing, or says which line to run and stops.
install_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "This is not Debian: the build will show what is missing of what these packages of Debian 12 bring:"
    printf '   %s\n' "$*"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0

  local line=(apt-get install --yes --no-install-recommends "${missing[@]}")
  if ! may_be_root; then
    printf 'These packages are missing, and installing them needs root. Run this, then start again:\n\n  sudo %s\n\n' "${line[*]}" >&2
    exit 1
  fi
  say "Installing ${#missing[@]} packages and what they need: ${missing[*]}"
  # The package lists of a fresh machine are empty or old: then they are fetched first.
  if ! apt-get install --simulate --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
    as_root apt-get update --quiet=2
  fi
  local try
  for try in 1 2; do
    if as_root env DEBIAN_FRONTEND=noninteractive "${line[@]}" --quiet=2 -o Dpkg::Use-Pty=0 >"$(install_log)" 2>&1; then
      return 0
    fi
    # Old lists name versions that the mirror no longer has.
    [[ $try == 1 ]] && as_root apt-get update --quiet=2
  done
  tail -n 20 "$(install_log)" >&2
  fail "apt-get could not install the packages; all it said is in $(install_log)"
}

# install_log: where apt-get's words go.
install_log() {
  mkdir -p build
  printf 'build/packages.log'
}

# prefer_openmp_blas: LibTorch's threads are OpenMP's, and a second pool (libopenblas0-pthread, which wins where both
# are installed) slows every product down. For this script's own programs the OpenMP one is put first.
prefer_openmp_blas() {
  local folder
  for folder in /usr/lib/*-linux-gnu/openblas-openmp; do
    if [[ -e $folder/libblas.so.3 && $(realpath "${folder%/*}/libblas.so.3") != "$(realpath "$folder/libblas.so.3")" ]]; then
      say "Using $folder (this machine's default BLAS is another)"
      export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    fi
  done
}

# configure PRESET [FLAG…]: makes build/PRESET ready; prints CMake's words only if it fails.
configure() {
  local log=build/$1-configure.log
  mkdir -p build
  if ! cmake --preset "$@" >"$log" 2>&1; then
    cat "$log" >&2
    fail "CMake could not configure the preset $1"
  fi
}

# configure_release [FLAG…]: the preset release for the command alone, unless ./test has made that folder already: then
# it stays as it is, with all tests.
configure_release() {
  local flags=()
  [[ -e build/release/CMakeCache.txt ]] || flags=(-DTHALWEG_TESTS=OFF -DTHALWEG_EXAMPLES=OFF)
  configure release "${flags[@]}" "$@"
}

# build PRESET [TARGET…]: builds, all targets if none is named.
build() {
  local preset=$1
  shift
  cmake --build "build/$preset" ${1:+--target "$@"} || fail "the preset $preset does not build"
}
