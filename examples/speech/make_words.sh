#!/usr/bin/env bash
# Has espeak-ng say ten words, and twenty others, in many voices, as Speech Commands lays its files out:
#
#   make_words.sh FOLDER [--small]
#
# FOLDER/WORD/VOICE_nohash_N.wav, FOLDER/_background_noise_, validation_list.txt, testing_list.txt. A voice is a variant
# of espeak-ng (m1, f2, Andrea, …); it says each word several times, each time with an accent, a speed and a pitch that
# are drawn, from the same numbers on each computer. Of ten voices two are in the test part and one in the validation
# part, and in no other. --small: 10 voices, 2 takes, in a few seconds; else 60 voices and 5 takes.
set -euo pipefail
export LC_ALL=C

words="yes no up down left right on off stop go"
others="bed bird cat dog eight five four happy house marvin nine one seven sheila six three tree two wow zero"
accents="en-us en-gb en-gb-scotland en-gb-x-rp en-gb-x-gbclan en-gb-x-gbcwmd en-029 en-us-nyc"
voices="m1 f1 m2 Andrea m3 f2 Mike f3 m4 linda adam f4 m5 belinda m6 f5 m7 Annie m8 steph Alex Alicia Andy anika
  antonio aunty benjamin boris caleb shelby david ed edward gustave grandpa grandma Henrique Hugo iven iven2 john
  Jacky Lee Marco marcelo Mario max Michael michel miguel norbert pablo paul pedro quincy rob robert sandro travis
  victor"
takes=5 other_takes=1 noise_seconds=20

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

[[ ($# == 1 || ($# == 2 && $2 == --small)) && $1 != -* ]] || fail "usage: make_words.sh FOLDER [--small]"
folder=$1
command -v espeak-ng >/dev/null || fail "espeak-ng is not installed: apt-get install espeak-ng"
[[ ! -e $folder ]] || fail "$folder is there already; name another folder, or remove it"
if [[ $# == 2 ]]; then
  voices="m1 f1 m2 Andrea m3 f2 Mike f3 m4 linda"
  takes=2 noise_seconds=5
  others="bed cat dog tree"
fi

mkdir -p "$folder"
cd "$folder" # so that its name, which may have spaces, is in no argument
for word in $words $others _background_noise_; do mkdir "$word"; done

# One line for each file: the arguments of espeak-ng. Random numbers are Park and Miller's, which each awk computes alike.
awk -v words="$words" -v others="$others" -v accents="$accents" -v voices="$voices" -v takes="$takes" \
  -v other_takes="$other_takes" '
  function draw(n) { state = (state * 16807) % 2147483647; return state % n }
  function say(word, count,    take, name, accent) {
    for (take = 0; take < count; ++take) {
      name = word "/" voice[v] "_nohash_" take ".wav"
      accent = all_accents[1 + draw(accent_count)]
      printf "-v %s+%s -s %d -p %d -a %d -w %s %s\n", accent, voice[v], 120 + draw(81), 25 + draw(51), 60 + draw(101),
        name, word
      if (v % 10 == 4 || v % 10 == 9) print name >"testing_list.txt"
      if (v % 10 == 6) print name >"validation_list.txt"
    }
  }
  BEGIN {
    state = 20240229
    voice_count = split(voices, voice, " ")
    accent_count = split(accents, all_accents, " ")
    word_count = split(words, word, " ")
    other_count = split(others, other, " ")
    for (v = 1; v <= voice_count; ++v) {
      for (w = 1; w <= word_count; ++w) say(word[w], takes)
      for (w = 1; w <= other_count; ++w) say(other[w], other_takes)
    }
  }' >arguments.txt
xargs --max-procs="$(nproc)" --max-lines=1 espeak-ng <arguments.txt

# noise NAME: writes 16-bit samples at 16 kHz. awk gives octal numbers, since not each awk can write a byte of 0.
noise() {
  local bytes
  bytes=$(awk -v name="$1" -v seconds="$noise_seconds" '
    function draw() { state = (state * 16807) % 2147483647; return 2 * state / 2147483647 - 1 }
    function octal(byte) { return sprintf("\\%03o", byte) }
    function number(value, bytes,    text) {
      for (; bytes > 0; --bytes) { text = text octal(value % 256); value = int(value / 256) }
      return text
    }
    BEGIN {
      state = 977; rate = 16000; count = seconds * rate; pi = atan2(0, -1)
      printf "RIFF%sWAVEfmt %s%s%s%s%s%s%sdata%s", number(36 + 2 * count, 4), number(16, 4), number(1, 2), number(1, 2),
        number(rate, 4), number(2 * rate, 4), number(2, 2), number(16, 2), number(2 * count, 4)
      for (i = 0; i < count; ++i) {
        x = draw()
        if (name == "white") y = 0.3 * x
        if (name == "brown") { low += 0.02 * (x - low); y = 3 * low }   # a low-pass of 51 Hz
        if (name == "pink") {                                           # three low-passes, as Paul Kellet joined them
          a = 0.99765 * a + x * 0.0990460; b = 0.963 * b + x * 0.2965164; c = 0.57 * c + x * 1.0526913
          y = 0.05 * (a + b + c + x * 0.1848)
        }
        if (name == "hum") y = 0.01 * x + 0.2 * sin(2 * pi * 50 * i / rate) + 0.1 * sin(2 * pi * 150 * i / rate)
        value = int(32767 * (y > 1 ? 1 : y < -1 ? -1 : y))
        printf "%s", number(value < 0 ? value + 65536 : value, 2)
      }
    }')
  # The text has escapes and no percent sign.
  # shellcheck disable=SC2059
  printf "$bytes" >"_background_noise_/$1.wav"
}
for name in white pink brown hum; do noise "$name"; done

printf '%s: %s clips of %s words in %s voices\n' "$folder" "$(wc -l <arguments.txt)" \
  "$(wc -w <<<"$words $others")" "$(wc -w <<<"$voices")"
