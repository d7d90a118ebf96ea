#!/usr/bin/env bash
# Run by deb.sh on a bare Debian: on_debian.sh [libtorch] [command]. Installs the packages of /root, uses and removes them.
set -euo pipefail
cd /root
libtorch=${1-} command=${2-}
trap 'echo "on_debian.sh: line $LINENO: $BASH_COMMAND" >&2' ERR
say() { printf '== %s\n' "$*"; }
install() { apt-get install --yes --quiet=2 --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >install.log 2>&1 || { tail -n 30 install.log && exit 1; }; }

say "Installing with what they depend on"
apt-get update --quiet=2
install ./libthalweg0_*.deb ./libthalweg-dev_*.deb
ldconfig --print-cache | grep libthalweg.so.
# No compiler comes with them: a project has its own.
install g++ cmake ninja-build pkg-config

for how in shared pkg-config; do
  say "A project by $how"
  cmake -G Ninja -S thalweg/tests/consumer -B "$how" "-DHOW=$how" -DEXAMPLES=/root/thalweg/examples -DCMAKE_BUILD_TYPE=Release >cmake.log || { cat cmake.log && exit 1; }
  cmake --build "$how"
  "$how/consumer"
  "$how/own_rule"
  ldd "$how/consumer" | grep '/lib/.*/libthalweg\.so\.'
done
say "C, by CMake and by pkg-config"
shared/c_consumer
# shellcheck disable=SC2046  # flags
gcc -std=c11 thalweg/examples/c/cooling.c $(pkg-config --cflags --libs thalweg) -lm -o cooling
./cooling

if [[ $libtorch ]]; then
  say "A project with LibTorch"
  install libtorch-dev
  cmake -G Ninja -S thalweg/tests/consumer -B libtorch -DHOW=libtorch -DEXAMPLES=/root/thalweg/examples -DCMAKE_BUILD_TYPE=Release >cmake.log || { cat cmake.log && exit 1; }
  cmake --build libtorch --target libtorch_consumer
  libtorch/libtorch_consumer
fi

packages=(libthalweg0 libthalweg-dev)
if [[ $command ]]; then
  say "The command"
  install ./thalweg_*.deb
  packages+=(thalweg)
  thalweg --version
  thalweg rules
  thalweg train --data make:classification --model tabular --optimizer rmsprop --epochs 1 --out runs/first
  thalweg eval runs/first
fi

say "Removing and purging"
apt-get remove --yes --quiet=2 "${packages[@]}" >/dev/null
if ldconfig --print-cache | grep libthalweg; then exit 1; fi
dpkg --purge "${packages[@]}"  # apt-get does not know packages that are gone
if dpkg --get-selections | grep thalweg; then exit 1; fi
if find /usr /etc /var/lib/dpkg -xdev -name '*thalweg*' | grep .; then
  echo "on_debian.sh: these were left behind" >&2
  exit 1
fi
