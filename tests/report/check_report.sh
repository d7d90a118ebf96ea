#!/bin/sh
# Opens sample reports, and pages of schedules, in headless Chromium: no console message, every chart drawn, controls work, nothing loaded.
# check_report.sh MAKE_PAGES [FOLDER]: with FOLDER the pages and screenshots are kept there, to be looked at.
set -eu

make_pages=$1
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pages=${2:-$work/pages}
mkdir -p "$pages"

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "This test needs Chromium: install the package chromium." >&2
  exit 1
}

browse() { # its flags and address
  timeout 120 "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
    --user-data-dir="$work/profile" --enable-logging=stderr --v=0 --virtual-time-budget=6000 "$@" 2>"$work/log"
}

failed=0
fail() {
  echo "FAILED: $*" >&2
  failed=1
}

expect() { # name, page's html tag, part
  case $2 in
    *"$3"*) ;;
    *) fail "$1: no $3 in $2" ;;
  esac
}

"$make_pages" "$pages"

for page in search:1 hyperband:1 hostile_search:1 one_trial:1 large_search:1 mixed:6 compare:5 troubles:5 few_seeds:5 hostile:5 family:5 tasks:17 claims:17 train:6 regression:6 credit:6 credit_folds:3 text:6 sections:11 empty:0 schedule:1 schedules:1; do
  name=${page%:*} charts=${page#*:}
  # exercise.js runs at the end of the page and writes what it found into the html element's attributes.
  { cat "$pages/$name.html"; echo "<script>"; cat "$here/exercise.js"; echo "</script>"; } >"$work/$name.html"
  for width in 1100 500; do
    browse --window-size="$width",900 --dump-dom "file://$work/$name.html" >"$work/dom" || fail "$name: Chromium"
    html=$(grep -o '<html[^>]*>' "$work/dom" | head -n 1)
    expect "$name at $width" "$html" 'data-errors="0"'
    expect "$name at $width" "$html" 'data-exercised="ok"'
    if [ "$charts" -gt 0 ]; then expect "$name at $width" "$html" "data-charts-drawn=\"$charts\""; fi
    if grep -m 3 CONSOLE "$work/log" >&2; then fail "$name at $width: console messages"; fi
  done
done

# A window is never narrower than 500 pixels, a frame may be.
for name in search hyperband hostile_search one_trial compare hostile family tasks claims train regression credit credit_folds text schedule schedules; do
  printf '<!DOCTYPE html><body style="margin:0"><iframe style="width:360px;height:800px;border:0" src="%s"></iframe>
<script>onmessage = event => { document.documentElement.dataset.exercised = event.data; };</script>' "$name.html" \
    >"$work/phone.html"
  browse --window-size=600,900 --dump-dom "file://$work/phone.html" >"$work/dom" || fail "$name: Chromium"
  expect "$name at 360" "$(grep -o '<html[^>]*>' "$work/dom" | head -n 1)" 'data-exercised="ok"'
done

# On paper: the pairs, who is ahead of whom, but no JSON.
for name in compare sections; do
  browse --no-pdf-header-footer --print-to-pdf="$work/$name.pdf" "file://$pages/$name.html" || fail "$name: printing"
  pdftotext -layout "$work/$name.pdf" "$work/$name.txt"
  grep -q 'is better' "$work/$name.txt" || fail "$name: its evidence is not printed"
  if grep -q '"grid"' "$work/$name.txt"; then fail "$name: its JSON is printed"; fi
done

# A schedule's table is printed with its chart.
browse --no-pdf-header-footer --print-to-pdf="$work/schedule.pdf" "file://$pages/schedule.html" || fail "schedule: printing"
pdftotext -layout "$work/schedule.pdf" "$work/schedule.txt"
grep -q 'warm-up ends' "$work/schedule.txt" || fail "schedule: its table is not printed"

if [ $# -gt 1 ]; then
  for name in search hyperband hostile_search one_trial compare troubles few_seeds hostile family tasks claims train regression credit credit_folds text schedule schedules; do
    browse --window-size=1100,3600 --screenshot="$pages/$name.png" "file://$pages/$name.html"
    browse --window-size=360,5000 --screenshot="$pages/$name-phone.png" "file://$pages/$name.html"
    browse --window-size=1100,3600 --blink-settings=preferredColorScheme=0 --screenshot="$pages/$name-dark.png" \
      "file://$pages/$name.html"
  done
fi
if [ "$failed" -eq 0 ]; then echo "All pages passed."; fi
exit "$failed"
