#!/usr/bin/env bash
# One figure of a page that thalweg wrote, as a picture: docs/images/figure.sh PAGE.html TITLE PICTURE.png [WIDTHxHEIGHT]
#
# TITLE is the figure's heading. Needs Chromium.
set -euo pipefail

page=$1 title=$2 picture=$3 size=${4:-900x420}
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
{
  cat "$page"
  printf '<script>addEventListener("load", () => {
    const figure = [...document.querySelectorAll("figure")].find(each => each.querySelector("h3")?.textContent == "%s");
    if (figure.querySelector("details")) figure.querySelector("details").remove();
    const legend = figure.previousElementSibling;
    document.body.replaceChildren(...(legend && legend.matches(".legend") ? [legend, figure] : [figure]));
    document.body.style.cssText = "margin: 0; padding: 16px 24px; background: #fff";
    dispatchEvent(new Event("resize"));
  });</script>' "$title"
} >"$work/page.html"
timeout 120 "$(command -v chromium || command -v google-chrome)" --headless --no-sandbox --disable-gpu --hide-scrollbars \
  --user-data-dir="$work/profile" --blink-settings=preferredColorScheme=1 --virtual-time-budget=5000 \
  --window-size="${size/x/,}" --screenshot="$(realpath --canonicalize-missing "$picture")" "file://$work/page.html" 2>"$work/log" ||
  { cat "$work/log" >&2; exit 1; }
[ -s "$picture" ]
