"""Spoken words: samples in, scores out; for onnx.py."""

import json
import math
import os
import wave

import numpy

from onnx_runs import compare, predicted, thalweg, train

random = numpy.random.default_rng(3)


def write_clip(file, samples):
    with wave.open(file, "wb") as stream:
        stream.setparams((1, 2, 16000, 0, "NONE", ""))
        stream.writeframes(numpy.clip(numpy.round(samples * 32768), -32768, 32767).astype("<i2").tobytes())


def feed_of_clips(folder, names, length):
    """16-bit samples as shares of 1, with 0 behind a clip that is shorter."""
    x = numpy.zeros((len(names), length), dtype=numpy.float32)
    for row, name in zip(x, names):
        with wave.open(f"{folder}/{name}") as stream:
            samples = numpy.frombuffer(stream.readframes(length), dtype="<i2")
        row[:len(samples)] = samples / numpy.float32(32768)
    return {"x": x}


def compare_scores(comparisons, what, scores, probabilities):
    """Probabilities near 0 and 1 hide how far scores are apart; their logarithms, where none is 0, are the scores but for
    a sum."""
    rows = (probabilities > 1e-30).all(1)
    expected, scores = numpy.log(probabilities[rows]), scores[rows].astype(numpy.float64)
    expected, scores = (each - each.mean(1, keepdims=True) for each in (expected, scores))
    apart = float((abs(scores - expected) / numpy.ptp(expected, axis=1, keepdims=True)).max(initial=0))
    comparisons.check(f"{what}: scores of {rows.sum()} clips", rows.any() and apart <= 1e-4)
    print(f"        {what}: scores of {rows.sum()} clips, {apart:.1e} of their spread apart")


def sounds(comparisons):
    """Words are rising tones in noise; then clips that are hard on a transform in float32."""
    for word, hertz in (("low", 200), ("middle", 700), ("high", 2000), ("top", 5000)):
        os.makedirs(f"words/{word}")
        for speaker in range(20):
            seconds = numpy.arange(int(random.integers(6000, 18000))) / 16000
            tone = numpy.sin(2 * math.pi * hertz * seconds * (random.uniform(0.8, 1.2) + 0.2 * seconds))
            write_clip(f"words/{word}/s{speaker}_nohash_0.wav",
                       random.uniform(0.05, 0.8) * tone + random.normal(0, 10 ** random.uniform(-4, -1.5), len(seconds)))
    os.makedirs("words/_background_noise_")
    write_clip("words/_background_noise_/white.wav", random.normal(0, 0.1, 40000))
    os.makedirs("clips")
    seconds, faint = numpy.arange(16000) / 16000, random.normal(0, 1e-4, 16000)
    for name, samples in {"silence": 0 * seconds, "faint": faint, "hum": 0.99 * numpy.sin(2 * math.pi * 50 * seconds) + faint,
                          "offset": 0.5 + faint, "loud": random.uniform(-1, 1, 16000), "impulse": seconds == 0.5,
                          "square": numpy.sign(numpy.sin(2 * math.pi * 1000 * seconds)), "short": random.normal(0, 0.1, 90),
                          "long": random.normal(0, 0.1, 20000)}.items():
        write_clip(f"clips/{name}.wav", samples)
    for name, seconds, *flags in [
            ("keywords", 1), ("keywords of two words", 1, "--words", "low,top"),
            ("keywords of half a second", 0.5, "--clip-seconds", "0.5", "--dense", "0"),
            ("keywords of 0.37 s", 0.37, "--clip-seconds", "0.37", "--dense", "24,16", "--batch-norm", "--activation", "gelu",
             "--dropout", "0.2")]:
        run, model = train(comparisons, name, "--data", "wav:words", *flags)
        length = round(seconds * 16000)
        comparisons.check(f"{name}: inputs {model.inputs}", model.inputs == {"x": ["n", length]})
        for folder in ("words/middle", "words/top", "clips"):
            names = [row["file"] for row in json.loads(thalweg("predict", run, "--json", "--data", f"wav:{folder}"))]
            comparisons.check(f"{name}: {folder} is read", sorted(names) == sorted(os.listdir(folder)))
            feed = feed_of_clips(folder, names, length)
            compare(comparisons, f"{name}, {folder}", run, model, feed, "--data", f"wav:{folder}")
            compare_scores(comparisons, f"{name}, {folder}", model.run(feed),
                           predicted(run, model.training, "--data", f"wav:{folder}"))
