#!/usr/bin/env bash
# Makes the Conan package without a network, by the Conan of a venv, and uses it: conan.sh WORK.
#
# Once static with Highway as the system has it (platform_requires), once shared, of two rules, with Highway as another
# package of Conan's.
set -euo pipefail
source=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
venv=$(dirname "$(realpath --no-symlinks "$("$source/scripts/python_with.sh" conan conan==2.34.0 pylint==3.3.9)")")
mkdir -p "$1"
cd "$1"
export CONAN_HOME=$PWD/home

rm -rf home created-* platform
"$venv/conan" profile detect
"$venv/conan" remote disable '*'
# shellcheck disable=SC2016  # Conan's own variable: outside of the source folder
common=(-s compiler.cppstd=20 -c 'tools.cmake.cmake_layout:test_folder=$TMP')
{ cat home/profiles/default && printf '\n[platform_requires]\nhighway/1.0.3\n'; } >platform

echo "== pylint, and what the recipe says of itself"
# settings and options are other things in a recipe's object than in its class, which pylint cannot know.
"$venv/python" -m pylint --errors-only --disable=no-member "$source/packaging/conan/conanfile.py" "$source/packaging/conan/test_package/conanfile.py"
"$venv/conan" inspect "$source/packaging/conan" | tee inspected
version=$(sed -n 's/^project(thalweg VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")
grep --quiet "^version: $version$" inspected
grep --quiet '^license: Apache-2.0$' inspected

# expect_package NAME LIBRARY: what `conan create` has written down in NAME is a package with that library.
expect_package() {
  local folder
  folder=$("$venv/python" -c 'import json, sys
nodes = json.load(sys.stdin)["graph"]["nodes"].values()
print(next(node["package_folder"] for node in nodes if node["name"] == "thalweg" and node["package_folder"]))' <"$1")
  [[ -e $folder/lib/$2 && -e $folder/include/thalweg/c.h && -e $folder/include/thalweg/rules.h ]]
  cmp "$folder/licenses/LICENSE" "$source/LICENSE"
  # Conan writes these for each consumer.
  [[ ! -e $folder/lib/cmake && ! -e $folder/lib/pkgconfig ]]
}

echo "== Static, all rules, the system's Highway"
"$venv/conan" create "$source/packaging/conan" --profile:all=platform "${common[@]}" --format=json >created-static
expect_package created-static libthalweg.a

echo "== Shared, two rules, Highway as a package"
"$venv/conan" create "$source/tests/packages/highway" "${common[@]}"
"$venv/conan" create "$source/packaging/conan" "${common[@]}" -o 'thalweg/*:shared=True' -o 'thalweg/*:rules=rmsprop,adam' \
  -o 'thalweg/*:dialects=False' --format=json >created-shared
expect_package created-shared "libthalweg.so.${version%.*}"

echo "== A rule that there is not"
if "$venv/conan" create "$source/packaging/conan" "${common[@]}" -o 'thalweg/*:rules=rmsprob' >unknown 2>&1; then
  echo "conan.sh: rules=rmsprob was taken" >&2
  exit 1
fi
grep --quiet "THALWEG_RULES: 'rmsprob' is none of" unknown
