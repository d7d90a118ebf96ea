#!/usr/bin/env bash
# Tests that examples/speech/make_words.sh writes each clip where it should, whatever the folder's name, with a stand-in
# for espeak-ng.
set -euo pipefail

script=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../../examples/speech/make_words.sh
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir bin
cat >bin/espeak-ng <<'END'
#!/bin/bash
while [[ $# -gt 1 ]]; do
  [[ $1 == -w ]] && out=$2
  shift
done
echo "$1" >"$out"
END
chmod +x bin/espeak-ng
export PATH=$work/bin:/usr/bin:/bin

for folder in plain "two  words" "it's \"x\" \\n/below"; do
  "$script" "$folder" --small >/dev/null
  count=$(find "$folder" -mindepth 2 -name '*_nohash_*.wav' | wc -l)
  [[ $count == 240 ]] || { echo "$folder: $count clips instead of 240" && exit 1; }
  clip=$folder/yes/f2_nohash_1.wav
  [[ $(cat "$clip") == yes ]] || { echo "$clip says something else" && exit 1; }
  while read -r name; do
    [[ -e $folder/$name ]] || { echo "$folder: $name is listed, but not there" && exit 1; }
  done < <(cat "$folder/testing_list.txt" "$folder/validation_list.txt")
done
if "$script" --small 2>output || [[ -e ./--small ]] || ! grep --quiet usage output; then
  echo "--small alone is taken for a folder" && exit 1
fi
