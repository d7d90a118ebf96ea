#!/usr/bin/env bash
# Tests extract.awk: what it takes out of a page, and that it refuses what would leave an example untested.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT

# page NAME: reads a page, in which ~~~ stands for ```.
page() { sed 's/~~~/```/' >"$work/$1.md"; }
extract() {
  rm -rf "$work/out"
  mkdir "$work/out"
  awk -v folder="$work/out" -f "$here/extract.awk" "$work/$1.md" 2>"$work/error"
}
expect() { # expect WHAT FILE TEXT: FILE holds TEXT.
  grep --fixed-strings --quiet -- "$3" "$2" || { echo "$1: no \"$3\" in:" && cat "$2" && exit 1; } >&2
}
refuses() { # refuses NAME TEXT: the page is an error that says TEXT.
  if extract "$1"; then
    echo "$1 was accepted" >&2
    exit 1
  fi
  expect "$1" "$work/error" "$2"
}

page good <<'END'
# Words, and `#include` in words

<!-- test: shell -->
~~~console
$ echo first
first
$ echo second
~~~

<!-- test: engine
#include <vector>
std::vector<float> weight(3);
-->

~~~cpp
#include <thalweg/thalweg.h>
weight[0] = 1;
~~~
<!-- test: libtorch -->
~~~cpp
int main() { return 0; }
~~~
<!-- test: part of program.cc -->
~~~cpp
if (true) {
  return 1;
~~~
~~~text
not tested
~~~
<!-- test: skip, takes a day -->
~~~sh
false
~~~
END
extract good || { cat "$work/error" && exit 1; }
[[ $(cd "$work/out" && echo *) == "01.sh 02.engine.cc 03.libtorch.cc 04.part 04.sh" ]]
[[ $(bash "$work/out/01.sh") == $'first\nsecond' ]]
expect "hidden include" <(head -n 3 "$work/out/02.engine.cc") "#include <vector>"
expect "main is added" "$work/out/02.engine.cc" "int main() {"
[[ $(grep -c "int main" "$work/out/03.libtorch.cc") == 1 ]]
printf 'int main() {\n  if (true) {\n    return 1;\n  }\n}\n' >"$work/program.cc"
(cd "$work" && bash out/04.sh)
sed -i 's/return 1/return 2/' "$work/program.cc"
[[ $(cd "$work" && bash out/04.sh) == "program.cc has no such lines" ]]

page unmarked <<'END'
~~~sh
true
~~~
END
refuses unmarked "has no mark"

page wrong_kind <<'END'
<!-- test: engine -->
~~~sh
true
~~~
END
refuses wrong_kind "the mark says engine"

page unknown_kind <<'END'
<!-- test: engin -->
~~~cpp
~~~
END
refuses unknown_kind "is none of shell"

page stray <<'END'
<!-- test: shell -->
Words.
END
refuses stray "does not stand before an example"

page open <<'END'
<!-- test: shell -->
~~~sh
true
END
refuses open "is not closed"
echo "extract.awk takes out and refuses what it should"
