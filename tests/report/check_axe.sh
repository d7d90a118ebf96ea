#!/bin/sh
# Looks at sample reports with axe-core, as a light and a dark page: no serious and no critical hindrance for anybody.
# check_axe.sh MAKE_PAGES FOLDER: installs axe-core into FOLDER by npm unless it is there.
set -eu

make_pages=$1 axe=$2
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "This check needs Chromium: install the package chromium." >&2
  exit 1
}
if [ ! -f "$axe/node_modules/axe-core/axe.min.js" ]; then
  mkdir -p "$axe"
  npm install --prefix "$axe" --no-save --no-audit --no-fund axe-core@4 >"$work/npm" 2>&1 || {
    cat "$work/npm" >&2
    exit 1
  }
fi

"$make_pages" "$work"
failed=0 looked=0
for page in "$work"/*.html; do
  name=$(basename "$page" .html)
  case $name in large_*) continue ;; esac # as the others, and takes long
  { cat "$page"; echo "<script>"; cat "$axe/node_modules/axe-core/axe.min.js"; echo "</script><script>"; cat "$here/axe.js"
    echo "</script>"; } >"$work/with_axe"
  mv "$work/with_axe" "$work/with_axe_$name.html"
  for theme in 1 0; do
    timeout 300 "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
      --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
      --user-data-dir="$work/profile" --window-size=1100,900 --blink-settings=preferredColorScheme=$theme \
      --virtual-time-budget=20000 --dump-dom "file://$work/with_axe_$name.html" >"$work/dom" 2>/dev/null || true
    said=$(grep -o '<html[^>]*>' "$work/dom" | head -n 1 | sed -n 's/.*data-axe="\([^"]*\)".*/\1/p')
    looked=$((looked + 1))
    case $said in
      "none of "*) ;;
      *)
        echo "FAILED: $name: ${said:-axe-core said nothing}" >&2
        failed=1
        ;;
    esac
  done
  rm "$work/with_axe_$name.html"
done
if [ "$failed" -eq 0 ]; then echo "$looked pages have no serious hindrance."; fi
exit "$failed"
