// Clips of speech as examples: one rate, one length, kept as 16-bit numbers.
#include "data/clip_dataset.h"

#include "data/fingerprint.h"
#include "data/in_parallel.h"
#include "data/wav.h"

#include <thalweg/error.h>
#include <thalweg/random.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <thread>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr double kScale = 32768;
constexpr double kQuietest = 40;  // dB, of silence

/// One example: its samples, without the 0 behind them.
struct Clip {
  std::string name;
  std::int64_t label = 0;
  ClipPart part = ClipPart::training;
  std::vector<std::int16_t> samples{};
};

class ClipExamples : public Examples {
 public:
  ClipExamples(std::vector<Clip> clips, std::int64_t length)
      : clips_(std::move(clips)), length_(static_cast<std::size_t>(length)) {}

  Scaling measure(std::span<const std::int64_t> /*training*/) const override { return {.mean = {0}, .deviation = {1}}; }
  void load(std::span<const std::int64_t> examples, const Scaling& /*scaling*/,
            const BatchMemory& memory) const override {
    float* to = std::get<std::span<float>>(memory.inputs.front()).data();
    std::int64_t* label_to = std::get<std::span<std::int64_t>>(memory.target).data();
    for (const std::int64_t example : examples) {
      const Clip& clip = clips_[static_cast<std::size_t>(example)];
      const auto end = std::ranges::transform(clip.samples, to, [](std::int16_t sample) {
                         return static_cast<float>(sample) * static_cast<float>(1 / kScale);
                       }).out;
      to += length_;
      std::fill(end, to, 0.0f);
      *label_to++ = clip.label;
    }
  }
  std::int64_t label(std::int64_t example) const override { return clips_[static_cast<std::size_t>(example)].label; }
  std::string name(std::int64_t example) const override { return clips_[static_cast<std::size_t>(example)].name; }
  std::uint64_t input_hash(std::int64_t example) const override { return hash_of(samples(example)); }
  bool have_same_inputs(std::int64_t a, std::int64_t b) const override { return same_bytes(samples(a), samples(b)); }
  bool have_same_target(std::int64_t a, std::int64_t b) const override { return label(a) == label(b); }

 private:
  std::span<const std::int16_t> samples(std::int64_t example) const {
    return clips_[static_cast<std::size_t>(example)].samples;
  }

  std::vector<Clip> clips_;
  std::size_t length_;
};

std::int16_t to_int16(float sample) {
  return static_cast<std::int16_t>(std::clamp(std::lround(static_cast<double>(sample) * kScale), -32768L, 32767L));
}

/// `work(i)` for every i below `count`, on all cores.
template <class Work>
void on_all_cores(std::size_t count, const Work& work) {
  const std::size_t threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 32);
  in_parallel(std::min(threads, count), [&](std::size_t thread) {
    for (std::size_t i = thread; i < count; i += threads) work(i);
  });
}

/// What the files were.
struct Seen {
  std::map<std::int64_t, std::int64_t> rates{}, bits{}, channels{};  ///< files of each
  std::vector<double> seconds{};                                     ///< of each file
  std::int64_t cut_off = 0;                                          ///< files that were longer than a clip
};

/// The classes, and what a folder's word is among them.
struct Classes {
  std::vector<std::string> names{};
  std::int64_t unknown = -1, silence = -1;  ///< −1: there is no such class

  std::int64_t label(const std::string& word) const {
    const auto place = std::ranges::find(names, word);
    return place == names.end() ? unknown : place - names.begin();
  }
};

Classes classes_of(const WavFolder& found, const ClipChoice& choice) {
  Classes classes{.names = !choice.classes.empty() ? choice.classes
                           : !choice.words.empty() ? choice.words
                                                   : found.words};
  if (choice.classes.empty()) {
    const auto is_chosen = [&](const std::string& word) {
      return std::ranges::find(classes.names, word) != classes.names.end();
    };
    if (!choice.words.empty() && !std::ranges::all_of(found.words, is_chosen)) classes.names.emplace_back(kUnknownWord);
    if (!found.noise.empty() && !is_chosen(kSilence)) classes.names.emplace_back(kSilence);
  }
  const auto index = [&](const char* name) {
    const auto place = std::ranges::find(classes.names, name);
    return place == classes.names.end() ? -1 : place - classes.names.begin();
  };
  classes.unknown = index(kUnknownWord);
  classes.silence = index(kSilence);
  if (std::ssize(classes.names) > kMostClasses) {
    throw Error(fmt::format("{} words; at most {} classes are read", classes.names.size(), kMostClasses));
  }
  return classes;
}

void check_words(const std::filesystem::path& folder, const WavFolder& found, const ClipChoice& choice) {
  std::set<std::string> seen;
  for (const std::string& word : choice.words) {
    if (word == kUnknownWord || word == kSilence) {
      throw Error(
          fmt::format("--words {}: this class is added where there are other words, or {}", word, kNoiseFolder));
    }
    if (!std::ranges::binary_search(found.words, word)) {
      throw Error(fmt::format("--words {}: {} has no such word{}", printable(word), folder.string(),
                              suggest(word, found.words)));
    }
    if (!seen.insert(word).second) throw Error(fmt::format("--words {}: is named twice", word));
  }
}

constexpr std::array kParts{ClipPart::training, ClipPart::validation, ClipPart::test};

/// Clips of the words that are told apart, on average, of each part.
std::array<std::int64_t, 3> mean_counts(const std::vector<Clip>& clips, const Classes& classes) {
  std::array<std::int64_t, 3> counts{};
  for (const Clip& clip : clips)
    if (clip.label != classes.unknown && clip.label != classes.silence) ++counts[static_cast<std::size_t>(clip.part)];
  const auto words = static_cast<double>(std::ssize(classes.names) - (classes.unknown >= 0) - (classes.silence >= 0));
  for (std::int64_t& count : counts) {
    if (count > 0) count = std::max<std::int64_t>(1, std::llround(static_cast<double>(count) / words));
  }
  return counts;
}

/// Leaves of each part's clips of unknown words only so many. Returns how many there were.
std::int64_t thin_out(std::vector<Clip>& clips, const Classes& classes, std::uint64_t seed) {
  const std::array<std::int64_t, 3> most = mean_counts(clips, classes);
  std::set<std::int64_t> left_out;
  std::int64_t all = 0;
  for (const ClipPart part : kParts) {
    std::vector<std::int64_t> members;
    for (std::int64_t i = 0; i < std::ssize(clips); ++i) {
      const Clip& clip = clips[static_cast<std::size_t>(i)];
      if (clip.label == classes.unknown && clip.part == part) members.push_back(i);
    }
    all += std::ssize(members);
    const auto index = static_cast<std::size_t>(part);
    Random(seed, RandomPurpose::split, "unknown words", static_cast<std::uint32_t>(index)).shuffle(members);
    for (std::int64_t i = most[index]; i < std::ssize(members); ++i)
      left_out.insert(members[static_cast<std::size_t>(i)]);
  }
  std::vector<Clip> kept;
  for (std::int64_t i = 0; i < std::ssize(clips); ++i)
    if (!left_out.contains(i)) kept.push_back(std::move(clips[static_cast<std::size_t>(i)]));
  clips = std::move(kept);
  return all;
}

/// A share of a file of noise, in samples.
struct Share {
  std::size_t begin = 0, size = 0;
};
/// Without parts of the clips' own, noise has none either.
Share share_of(std::size_t samples, ClipPart part, bool has_parts) {
  if (!has_parts) return {0, samples};
  const std::size_t validation = samples * 8 / 10, test = samples * 9 / 10;
  switch (part) {
    case ClipPart::training:
      return {0, std::max<std::size_t>(validation, 1)};
    case ClipPart::validation:
      return {std::min(validation, samples - 1), std::max<std::size_t>(test - validation, 1)};
    case ClipPart::test:
      return {std::min(test, samples - 1), std::max<std::size_t>(samples - test, 1)};
  }
  return {};
}

/// Windows of noise as clips; of a share that is shorter than a window the samples begin again.
void add_silence(std::vector<Clip>& clips, const Classes& classes, const WavFolder& found,
                 const std::vector<std::vector<float>>& noise, const ClipChoice& choice) {
  const std::array<std::int64_t, 3> counts = mean_counts(clips, classes);
  for (const ClipPart part : kParts) {
    const auto index = static_cast<std::size_t>(part);
    const auto random = [&](const char* what) {
      return Random(choice.seed, RandomPurpose::split, what, static_cast<std::uint32_t>(index));
    };
    const Random begins = random("noise begins"), gains = random("noise gains");
    for (std::int64_t i = 0; i < counts[index]; ++i) {
      const auto position = static_cast<std::uint64_t>(i);
      const std::size_t file = static_cast<std::size_t>(i) % noise.size();
      const Share share = share_of(noise[file].size(), part, found.rule != ClipRule::none);
      const std::size_t begin = begins.below(share.size, position);
      const double gain = std::pow(10, -gains.uniform(position) * kQuietest / 20);
      Clip clip{.name = fmt::format("{} from {:.5f} s", found.noise[file],
                                    static_cast<double>(share.begin + begin) / kClipRate),
                .label = classes.silence,
                .part = part};
      clip.samples.reserve(static_cast<std::size_t>(choice.length));
      for (std::size_t k = 0; k < static_cast<std::size_t>(choice.length); ++k) {
        const float sample = noise[file][share.begin + (begin + k) % share.size];
        clip.samples.push_back(to_int16(static_cast<float>(gain) * sample));
      }
      clips.push_back(std::move(clip));
    }
  }
}

/// Reads the clips' files.
Seen read_clips(const std::filesystem::path& folder, std::vector<Clip>& clips, std::int64_t length) {
  std::vector<WavHead> heads(clips.size());
  on_all_cores(clips.size(), [&](std::size_t i) {
    const Sound sound = read_wav(folder / clips[i].name);
    heads[i] = sound.head;
    std::vector<float> samples = resample(sound.samples, sound.head.rate, kClipRate);
    samples.resize(std::min(samples.size(), static_cast<std::size_t>(length)));
    std::ranges::transform(samples, std::back_inserter(clips[i].samples), to_int16);
  });
  Seen seen;
  for (const WavHead& head : heads) {
    ++seen.rates[head.rate];
    ++seen.bits[head.bits];
    ++seen.channels[head.channels];
    seen.seconds.push_back(static_cast<double>(head.frames) / static_cast<double>(head.rate));
    seen.cut_off += head.frames * kClipRate > length * head.rate;
  }
  return seen;
}

std::vector<std::vector<float>> read_noise(const std::filesystem::path& folder, const WavFolder& found) {
  std::vector<std::vector<float>> noise(found.noise.size());
  on_all_cores(noise.size(), [&](std::size_t i) {
    const Sound sound = read_wav(folder / found.noise[i]);
    noise[i] = resample(sound.samples, sound.head.rate, kClipRate);
  });
  return noise;
}

/// `16000`, or of several `8000 (4 files), 16000 (96)`.
std::string counts_text(const std::map<std::int64_t, std::int64_t>& counts) {
  if (counts.size() == 1) return fmt::format("{}", counts.begin()->first);
  std::vector<std::string> texts;
  for (const auto& [value, count] : counts) texts.push_back(fmt::format("{} ({} files)", value, count));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string files_note(Seen seen, std::int64_t length) {
  std::ranges::sort(seen.seconds);
  std::string note = fmt::format(
      "{} file{} of {:.2f} to {:.2f} s (median {:.2f}); samples a second: {}; bits: {}; channels: {}. All are brought "
      "to {} a second and {} s: what is shorter is followed by 0",
      seen.seconds.size(), seen.seconds.size() == 1 ? "" : "s", seen.seconds.front(), seen.seconds.back(),
      seen.seconds[seen.seconds.size() / 2], counts_text(seen.rates), counts_text(seen.bits),
      counts_text(seen.channels), kClipRate, static_cast<double>(length) / kClipRate);
  return note + (seen.cut_off > 0 ? fmt::format(", {} longer ones are cut off there.", seen.cut_off) : ".");
}

std::string parts_note(const WavFolder& found, const std::vector<Clip>& clips) {
  std::map<std::string, std::string> speakers;
  for (const ClipFile& clip : found.clips) speakers[clip.name] = clip.speaker;
  std::array<std::set<std::string>, 3> of_part;
  std::array<std::int64_t, 3> counts{};
  std::map<std::string, int> in_parts;
  for (const Clip& clip : clips) {
    ++counts[static_cast<std::size_t>(clip.part)];
    const auto place = speakers.find(clip.name);
    if (place == speakers.end() || place->second.empty()) continue;
    if (of_part[static_cast<std::size_t>(clip.part)].insert(place->second).second) ++in_parts[place->second];
  }
  std::string note = fmt::format("Parts: {}", rule_text(found.rule));
  if (found.rule != ClipRule::none) {
    note += fmt::format("; {} clips train, {} validate, {} test", counts[0], counts[1], counts[2]);
  }
  if (!in_parts.empty()) {
    const auto shared = std::ranges::count_if(in_parts, [](const auto& each) { return each.second > 1; });
    note += fmt::format("; speakers: {}, {} and {}, {} of them in more than one part", of_part[0].size(),
                        of_part[1].size(), of_part[2].size(), shared);
  }
  if (found.listed_but_missing > 0) note += fmt::format("; {}", missing_text(found));
  return note + ".";
}

/// Of samples and noise, and of labels and parts: a clip that the lists move to another part makes other data.
std::string fingerprint_of(const std::vector<Clip>& clips, const std::vector<std::vector<float>>& noise,
                           std::int64_t length) {
  std::uint32_t samples = 0;
  for (const Clip& clip : clips) samples = checksum_of(std::span<const std::int16_t>(clip.samples), samples);
  for (const std::vector<float>& file : noise) samples = checksum_of(std::span<const float>(file), samples);
  std::vector<std::int64_t> places;
  for (const Clip& clip : clips) places.insert(places.end(), {clip.label, static_cast<std::int64_t>(clip.part)});
  return fmt::format("{}x{}-{:08x}-{:08x}", clips.size(), length, samples,
                     checksum_of(std::span<const std::int64_t>(places)));
}

/// The training share of all files of noise, one behind the other.
std::shared_ptr<const std::vector<float>> training_noise(const std::vector<std::vector<float>>& noise, bool has_parts) {
  if (noise.empty()) return nullptr;
  std::vector<float> all;
  for (const std::vector<float>& file : noise) {
    const Share share = share_of(file.size(), ClipPart::training, has_parts);
    all.insert(all.end(), file.begin(), file.begin() + static_cast<std::ptrdiff_t>(share.size));
  }
  return std::make_shared<const std::vector<float>>(std::move(all));
}

}  // namespace

Dataset clip_dataset(const std::filesystem::path& folder, const WavFolder& found, const ClipChoice& choice) {
  if (choice.classes.empty()) check_words(folder, found, choice);
  const Classes classes = classes_of(found, choice);
  std::vector<Clip> clips;
  for (const ClipFile& file : found.clips) {
    const std::int64_t label = file.word.empty() ? 0 : classes.label(file.word);
    if (label < 0) {
      throw Error(fmt::format("{}: the model knows no word of this name; it tells {} apart",
                              (folder / file.word).string(), fmt::join(classes.names, ", ")));
    }
    clips.push_back({.name = file.name, .label = label, .part = file.part});
  }
  Dataset dataset;
  const bool is_again = !choice.classes.empty();
  if (!is_again && classes.unknown >= 0 && !choice.words.empty()) {
    const std::int64_t all = thin_out(clips, classes, choice.seed);
    const auto kept = std::ranges::count(clips, classes.unknown, &Clip::label);
    dataset.notes.push_back(fmt::format("unknown: {} of {} clips of {} other words are kept, as many as a word has.",
                                        kept, all, found.words.size() - choice.words.size()));
  }
  if (clips.size() > kMostClipBytes / sizeof(std::int16_t) / static_cast<std::uint64_t>(choice.length)) {
    throw Error(fmt::format("{}: {} clips of {} samples are more than the {} bytes that are read", folder.string(),
                            clips.size(), choice.length, kMostClipBytes));
  }
  Seen seen = read_clips(folder, clips, choice.length);
  dataset.notes.insert(dataset.notes.begin(), files_note(std::move(seen), choice.length));
  const bool has_words = !found.words.empty();
  std::vector<std::vector<float>> noise;
  if (has_words && classes.silence >= 0 && !found.noise.empty()) {
    noise = read_noise(folder, found);
    const std::size_t before = clips.size();
    add_silence(clips, classes, found, noise, choice);
    dataset.notes.push_back(
        fmt::format("silence: {} windows out of {} files of {}.", clips.size() - before, noise.size(), kNoiseFolder));
  }
  if (has_words && !is_again) dataset.notes.push_back(parts_note(found, clips));

  for (std::int64_t i = 0; i < std::ssize(clips); ++i) {
    const Clip& clip = clips[static_cast<std::size_t>(i)];
    (is_again || clip.part == ClipPart::test ? dataset.test : dataset.train).push_back(i);
    if (!is_again && clip.part == ClipPart::validation) dataset.validation.push_back(i);
  }
  dataset.inputs = {{.kind = InputKind::waveform, .shape = {choice.length}}};
  dataset.target = {.kind = TargetKind::label, .classes = std::ssize(classes.names), .class_names = classes.names};
  dataset.noise = training_noise(noise, found.rule != ClipRule::none);
  dataset.fingerprint = fingerprint_of(clips, noise, choice.length);
  dataset.examples = std::make_shared<ClipExamples>(std::move(clips), choice.length);
  return dataset;
}

}  // namespace thalweg::lab
