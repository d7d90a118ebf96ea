"""Runs that are trained, exported as ONNX and compared with what the command predicts; for onnx.py."""

import json
import math
import subprocess
import sys

import numpy
import onnx
import onnxruntime

TOLERANCE = 1e-5
BATCHES = (1, 7)


def command(*words):
    """What it prints; what it says beside that is shown only if it fails."""
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def thalweg(*words):
    return command("thalweg", *words)


def softmax(logits):
    powers = numpy.exp(logits.astype(numpy.float64) - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


class Comparisons:
    def __init__(self):
        self.count, self.failures, self.largest = 0, 0, 0.0

    def add(self, what, found, expected):
        """Arrays of probabilities, or of numbers."""
        same_shape = found.shape == expected.shape and found.size > 0
        apart = float((abs(found - expected) / numpy.maximum(1, abs(expected))).max()) if same_shape else math.nan
        fine = apart <= TOLERANCE
        self.count += 1
        self.failures += not fine
        self.largest = max(self.largest, apart) if same_shape else math.nan
        print(f"{'ok     ' if fine else 'FAILED '} {what}: {found.shape}, {apart:.1e} apart"
              + ("" if same_shape else f", expected {expected.shape}"))

    def check(self, what, holds):
        self.count += 1
        self.failures += not holds
        if not holds:
            print(f"FAILED  {what}")


class Model:
    """An exported file, checked, and what it says of itself."""

    def __init__(self, comparisons, name, file):
        self.name = name
        model = onnx.load(file)
        onnx.checker.check_model(model, full_check=True)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        self.session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        self.training = json.loads(self.session.get_modelmeta().custom_metadata_map["training"])
        self.inputs = {each.name: each.shape for each in self.session.get_inputs()}
        outputs = self.session.get_outputs()
        comparisons.check(f"{name}: outputs", [each.name for each in outputs] == ["y"])
        comparisons.check(f"{name}: any batch", all(shape[0] == "n" for shape in [*self.inputs.values(), outputs[0].shape]))
        opsets = [(each.domain, each.version) for each in model.opset_import]
        comparisons.check(f"{name}: {opsets}, IR {model.ir_version}", (opsets, model.ir_version) == ([("", 13)], 7))

    def run(self, feed, batch=None):
        rows = len(next(iter(feed.values())))
        batch = batch or rows
        parts = [self.session.run(["y"], {name: values[first:first + batch] for name, values in feed.items()})[0]
                 for first in range(0, rows, batch)]
        return numpy.concatenate(parts)


def predicted(run, training, *flags):
    """What the command says: numbers, or the probabilities of the classes in the model's order."""
    rows = json.loads(thalweg("predict", run, "--json", *flags))
    target = training["dataset"]["target"]
    if target["kind"] == "number":
        return numpy.array([row["prediction"] for row in rows])
    names = target["class_names"] or [str(i) for i in range(target["classes"])]
    return numpy.array([[row["probabilities"][name] for name in names] for row in rows])


def train(comparisons, name, *flags):
    model, run, file = name.split()[0], f"runs/{name}", f"{name}.onnx"
    thalweg("train", "--model", model, "--steps", "40", "--lr", "0.01", "--threads", "1", "--out", run, *flags)
    thalweg("export", run, "-o", file)
    return run, Model(comparisons, name, file)


def compare(comparisons, name, run, model, feed, *flags):
    expected = predicted(run, model.training, *flags)
    for batch in BATCHES:
        y = model.run(feed, batch)
        comparisons.add(f"{name}, {batch} at a time", softmax(y) if expected.ndim == 2 else y, expected)
