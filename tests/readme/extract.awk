# Takes the tested examples out of a Markdown page: awk -v folder=OUT -f extract.awk README.md.
#
# A fence of sh, console or cpp has a mark right before it, which is invisible on the rendered page:
#
#   <!-- test: shell -->       its commands run with bash (of console, the lines that begin with `$ `)
#   <!-- test: engine -->      its C++ is compiled with the engine, and run
#   <!-- test: libtorch -->    the same, with the LibTorch adapter
#   <!-- test: part of FILE -->  its lines stand in this file of the project, one behind the other, however indented
#   <!-- test: skip, why -->   it is not tested
#   <!-- test: output -->      a fence of text: what the C++ example before it prints
#
# The mark may go on over several lines: what stands between its first line and `-->` comes before the example
# (an #include that is left out on the page, a variable). C++ without a main of its own is put into one. A fence of these
# languages without a mark is an error, so that no example is forgotten. Writes NN.sh, NN.engine.cc and NN.libtorch.cc, and
# NN.engine.expected and NN.libtorch.expected with what they print; of a part of a file NN.part and an NN.sh that looks for it.

function complain(message) {
  printf "%s:%d: %s\n", FILENAME, FNR, message > "/dev/stderr"
  failed = 1
}

function add_source(line) {
  if (kind != "shell" && line ~ /^#include/) {
    includes = includes line "\n"
  } else {
    body = body line "\n"
    if (line ~ /^int main\(/) has_main = 1
  }
}

function write_example(   file) {
  if (kind == "output") {
    printf "%s", body > program
    close(program)
    program = ""
    return
  }
  if (kind == "part") {
    write_part()
    return
  }
  file = sprintf("%s/%02d.%s", folder, ++count, kind == "shell" ? "sh" : kind ".cc")
  program = kind == "shell" ? "" : sprintf("%s/%02d.%s.expected", folder, count, kind)
  if (kind == "shell") {
    printf "# %s, line %d\nset -euo pipefail\n%s", FILENAME, fence_line, body > file
  } else if (has_main) {
    printf "// %s, line %d\n%s\n%s", FILENAME, fence_line, includes, body > file
  } else {
    printf "// %s, line %d\n%s\nint main() {\n%s}\n", FILENAME, fence_line, includes, body > file
  }
  close(file)
}

function write_part(   lines, file) {
  lines = sprintf("%s/%02d.part", folder, ++count)
  printf "%s", includes body > lines
  close(lines)
  file = sprintf("%s/%02d.sh", folder, count)
  printf "# %s, line %d\n", FILENAME, fence_line > file
  printf "lines() { sed 's/^ *//' \"$1\"; }\n" > file
  printf "[[ $(lines '%s') == *\"$(lines '%s')\"* ]] || { echo '%s has no such lines' && exit 1; }\n", whole, lines, whole > file
  close(file)
}

function forget_mark() { kind = ""; includes = ""; body = ""; has_main = 0 }

in_mark {
  if ($0 ~ /^-->/) in_mark = 0
  else add_source($0)
  next
}

in_fence && /^```[ \t]*$/ {
  in_fence = 0
  if (kind != "" && kind != "skip") write_example()
  forget_mark()
  next
}

in_fence {
  if (kind == "output") body = body $0 "\n"
  else if (language != "console") add_source($0)
  else if ($0 ~ /^\$ /) add_source(substr($0, 3))
  next
}

/^<!-- test: / {
  forget_mark()
  kind = $3
  sub(/,$/, "", kind)
  whole = $5
  if (kind !~ /^(shell|engine|libtorch|part|skip|output)$/)
    complain("mark \"" kind "\" is none of shell, engine, libtorch, part, skip and output")
  if (kind == "output" && program == "") complain("there is no C++ example of which this could be the output")
  in_mark = $0 !~ /-->[ \t]*$/
  next
}

/^```/ {
  language = substr($0, 4)
  sub(/[ \t].*$/, "", language)
  fence_line = FNR
  in_fence = 1
  if (language ~ /^(sh|bash|console|cpp|c\+\+)$/) {
    if (kind == "") complain("the " language " example has no mark <!-- test: … -->")
    else if (kind == "output") complain("the mark says output, the example is " language)
    else if (kind != "skip" && (kind == "shell") != (language ~ /^(sh|bash|console)$/))
      complain("the mark says " kind ", the example is " language)
  } else if (kind != "" && (kind != "output" || language != "text")) {
    complain("the mark does not stand before an example of sh, console or cpp, or an output of text")
  }
  next
}

kind != "" && !/^[ \t]*$/ {
  complain("the mark does not stand before an example")
  forget_mark()
}

END {
  if (in_fence || in_mark) complain("an example or a mark is not closed")
  exit failed
}
