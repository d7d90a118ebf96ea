#!/usr/bin/env bash
# The command's completions in bash, zsh and fish, and its manual pages: check_shells.sh THALWEG.
set -euo pipefail

thalweg=$1
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
cd "$work"
PATH=$(dirname "$thalweg"):$PATH
failed=0

# expect WHAT FOUND WORD…: each word is one of the lines found.
expect() {
  local what=$1 found=$2 word
  for word in "${@:3}"; do
    grep --quiet --line-regexp --fixed-strings -- "$word" <<<"$found" && continue
    printf 'FAILED: %s: no %s in:\n%s\n' "$what" "$word" "$found" >&2
    failed=1
  done
}

# refuse WHAT FOUND WORD…: none is.
refuse() {
  local what=$1 found=$2 word
  for word in "${@:3}"; do
    grep --quiet --line-regexp --fixed-strings -- "$word" <<<"$found" || continue
    printf 'FAILED: %s: %s in:\n%s\n' "$what" "$word" "$found" >&2
    failed=1
  done
}

mkdir runs
touch run.toml

thalweg completion bash >thalweg.bash
shellcheck thalweg.bash || failed=1
# in_bash WORD…: what is offered for the last of the words.
in_bash() {
  bash --norc -c 'source thalweg.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _thalweg; printf "%s\n" "${COMPREPLY[@]}"' _ "$@"
}
expect 'bash, commands' "$(in_bash thalweg '')" train compare data --help
refuse 'bash, commands' "$(in_bash thalweg '')" worker
expect 'bash, a command' "$(in_bash thalweg sch)" schedule
expect 'bash, below data' "$(in_bash thalweg data '')" info
expect 'bash, data info' "$(in_bash thalweg data info '')" idx:
expect 'bash, flags' "$(in_bash thalweg train --optimizer rmsprop --e)" --epochs
refuse 'bash, flags' "$(in_bash thalweg train --e)" --seed
expect 'bash, a model' "$(in_bash thalweg train --model '')" softmax linear mlp cnn lstm gru tabular factorization keywords
expect 'bash, after =' "$(in_bash thalweg train --model = s)" softmax
expect 'bash, a schedule' "$(in_bash thalweg train --schedule c)" cosine cyclic constant
expect 'bash, rules' "$(in_bash thalweg compare a)" adam adamw
expect 'bash, a folder' "$(in_bash thalweg train --out r)" runs
refuse 'bash, a folder' "$(in_bash thalweg train --out r)" run.toml
expect 'bash, a file' "$(in_bash thalweg train --config r)" run.toml
expect 'bash, a short name' "$(in_bash thalweg report -o r)" run.toml
refuse 'bash, a number' "$(in_bash thalweg train --epochs '')" train --seed

thalweg completion zsh >_thalweg
zsh --no-rcs --no-exec _thalweg || failed=1
expect 'zsh' "$(sed 's/^ *//' _thalweg)" "'--model=[softmax, linear, mlp, cnn, lstm, gru, tabular, factorization, keywords, or FILE.pt, a TorchScript module]:TEXT:(softmax linear mlp cnn lstm gru tabular factorization keywords)' \\" "train) _thalweg_train ;;" \
  "'train:Train one model with one optimizer'" "'--out=[Folder for checkpoint and records; none are kept without it]:FOLDER:_files -/' \\"

thalweg completion fish >thalweg.fish
fish --no-config --no-execute thalweg.fish || failed=1
# in_fish LINE: what is offered at its end.
# shellcheck disable=SC2016  # fish expands it
in_fish() { fish --no-config -c 'source thalweg.fish; complete --do-complete $argv[1]' "$1" | cut -f 1; }
expect 'fish, commands' "$(in_fish 'thalweg ')" train compare data
refuse 'fish, commands' "$(in_fish 'thalweg ')" worker
expect 'fish, below data' "$(in_fish 'thalweg data ')" info
expect 'fish, flags' "$(in_fish 'thalweg train --e')" --epochs
refuse 'fish, flags' "$(in_fish 'thalweg train --s')" --json
expect 'fish, a model' "$(in_fish 'thalweg train --model ')" softmax linear mlp cnn lstm gru tabular factorization keywords
expect 'fish, a folder' "$(in_fish 'thalweg train --out r')" runs/
expect 'fish, a file' "$(in_fish 'thalweg train --config r')" run.toml

for command in '' rules data 'data info' train compare replay identify report schedule completion man; do
  # shellcheck disable=SC2086  # of several words
  thalweg man $command >page.1
  if mandoc -T lint -W warning page.1 | grep --invert-match 'missing date'; then  # pages have a version instead
    printf 'FAILED: man %s\n' "$command" >&2
    failed=1
  fi
done
thalweg man train >train.1
page=$(mandoc -T utf8 train.1 | sed 's/.\x08//g; s/^ *//')
expect 'man train' "$page" 'NAME' 'thalweg-train - Train one model with one optimizer' '--batch INT' 'thalweg train --resume runs/first                   goes on with the same bits as if never stopped'
# An installation has the same.
thalweg man --write share
for pair in "man train:man/man1/thalweg-train.1" "man data info:man/man1/thalweg-data-info.1" "man:man/man1/thalweg.1" \
  "completion bash:bash-completion/completions/thalweg" "completion zsh:zsh/site-functions/_thalweg" \
  "completion fish:fish/vendor_completions.d/thalweg.fish"; do
  read -ra words <<<"${pair%%:*}"
  cmp <(thalweg "${words[@]}") "share/${pair#*:}" || failed=1
done
thalweg man trian 2>errors && failed=1
expect 'man trian' "$(cat errors)" "thalweg: unknown subcommand 'trian'; did you mean train?"
thalweg completion bsh 2>errors && failed=1
expect 'completion bsh' "$(cat errors)" "thalweg: unknown shell 'bsh'; did you mean bash or zsh?"
exit "$failed"
