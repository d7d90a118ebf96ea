#!/usr/bin/env bash
# Proves that the engine knows the operating system in src/files and src/threads alone: system_headers.sh SOURCE_FOLDER.
# Elsewhere, public headers included, it includes nothing but C++'s headers, Highway's and its own (thalweg/c.h, which C
# reads, has two of C's), and asks no macro on which system it is.
set -euo pipefail
cd "$1"

# of_the_system FILE_OR_FOLDER…: lines that include a header of the system, or ask for its name.
of_the_system() {
  { grep -rnE --include='*.h' --include='*.cc' --include='*.in' \
    '^ *# *(include *[<"][^>"]*\.h[>"]|(el)?if.*(__linux__|__unix__|__APPLE__|__MACH__|_WIN32|_WIN64|__MINGW|_POSIX))' "$@" || true; } |
    while IFS= read -r line; do
      case $line in
        *'#include <thalweg/'* | *'#include <hwy/'*) ;;
        include/thalweg/c.h:*'#include <stddef.h>' | include/thalweg/c.h:*'#include <stdint.h>') ;;
        *'#include "'*)
          name=${line#*\"} name=${name%%\"*}
          [[ -e src/$name || -e include/$name || -e $(dirname "${line%%:*}")/$name ]] || echo "$line"
          ;;
        *) echo "$line" ;;
      esac
    done
}

for folder in src/files src/threads; do
  [[ -n $(of_the_system $folder) ]] || { echo "system_headers.sh finds nothing of the system in $folder, where it is" && exit 1; }
done
elsewhere=$(of_the_system src include | grep -vE '^src/(files|threads)/' || true)
[[ -z $elsewhere ]] || { printf 'Of the operating system, outside of src/files and src/threads:\n%s\n' "$elsewhere" && exit 1; }
# Nor does the rest include a header of these two that does.
reached=$(grep -rnE '^#include "files/' src | grep -v '^src/files/' || true)
reached+=$(of_the_system src/threads/*.h)
[[ -z $reached ]] || { printf 'Reaches the rest of the engine:\n%s\n' "$reached" && exit 1; }
