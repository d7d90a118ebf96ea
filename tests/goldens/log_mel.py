#!/usr/bin/env python3
"""Records librosa's log-mel bands of a few sounds, for lab/models/log_mel.h. Rewrites log_mel.json.gz beside it.

    python3 -m venv /tmp/librosa
    /tmp/librosa/bin/pip install librosa==0.11.0
    /tmp/librosa/bin/python tests/goldens/log_mel.py

    filters   [40][257]: librosa.filters.mel, without the zeros: for each band the first bin and its weights
    cases     name, samples (whole numbers, to be divided by 32768), bands: [40][frames] of ln(power + 1e-6)
"""

import gzip
import json
import pathlib

import librosa
import numpy as np

RATE, COUNT = 16000, 3000
BANDS = dict(sr=RATE, n_fft=512, n_mels=40, fmin=20, fmax=8000)


def signals():
    time = np.arange(COUNT) / RATE
    yield "chirp", 0.5 * np.sin(2 * np.pi * (100 * time + (7000 - 100) / (2 * COUNT / RATE) * time**2))
    yield "noise", np.random.default_rng(7).uniform(-0.9, 0.9, COUNT)
    yield "silence", np.zeros(COUNT)
    yield "impulse", np.where(np.arange(COUNT) == 1234, 1.0, 0.0)
    yield "two tones", 0.3 * np.sin(2 * np.pi * 440 * time) + 0.01 * np.sin(2 * np.pi * 3210 * time)


def main():
    filters = []
    for band in librosa.filters.mel(**BANDS):
        bins = np.flatnonzero(band)
        filters.append({"first": int(bins[0]), "weights": [float(w) for w in band[bins[0] : bins[-1] + 1]]})
    cases = []
    for name, signal in signals():
        samples = np.clip(np.round(signal * 32768), -32768, 32767).astype(np.int32)
        power = librosa.feature.melspectrogram(
            y=samples.astype(np.float64) / 32768, hop_length=160, win_length=400, pad_mode="constant", **BANDS
        )
        bands = np.log(power + 1e-6)
        cases.append(
            {"name": name, "samples": samples.tolist(), "bands": [[round(x, 7) for x in row] for row in bands.tolist()]}
        )
    text = json.dumps({"librosa": librosa.__version__, "filters": filters, "cases": cases}, separators=(",", ":"))
    path = pathlib.Path(__file__).with_name("log_mel.json.gz")
    path.write_bytes(gzip.compress(text.encode() + b"\n", 9, mtime=0))


if __name__ == "__main__":
    main()
