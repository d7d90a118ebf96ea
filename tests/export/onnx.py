#!/usr/bin/env python3
"""onnxruntime computes from thalweg's ONNX files what the command predicts: onnx.py THALWEG

Trains each of the lab's own models for a few steps on small generated data of every kind it takes, exports it, lets
onnx's checker look at the file, and compares what onnxruntime makes of the unscaled data, 1 and 7 rows at a time, with
`thalweg predict --json`; of characters the test loss with `thalweg eval` and a text with `thalweg predict`. Then the
lines of docs/lab.md that use onnxruntime. Needs onnx and onnxruntime (scripts/python_with.sh). Exits 1 where a
probability differs by more than 1e-5, a number by more than that share of itself, or the scores of a sound by more than
1e-4 of what the best of them is above the least.
"""

import csv
import json
import math
import os
import pathlib
import re
import sys
import tempfile

here = sys.path.pop(0)  # where this very file is called as the package is
import numpy  # noqa: E402
import onnx  # noqa: E402, F401

sys.path.insert(0, here)
from onnx_ratings import ratings  # noqa: E402
from onnx_runs import BATCHES, Comparisons, command, compare, predicted, softmax, thalweg, train  # noqa: E402
from onnx_sounds import sounds  # noqa: E402

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "lab.md"
FENCE = re.compile(r"(<!-- test: shell -->\n)?```(sh|python)\n(.*?)```", re.DOTALL)
WINDOW = 6
COLUMNS = ("a", "b", "gaps", "colour", "shape")

random = numpy.random.default_rng(1)


def save_arrays(folder, inputs, targets):
    """Returns what stands in the test part."""
    os.mkdir(folder)
    parts = {"train": slice(0, 120), "test": slice(120, 150)}
    for part, rows in parts.items():
        numpy.save(f"{folder}/x_{part}.npy", inputs[rows])
        numpy.save(f"{folder}/y_{part}.npy", targets[rows])
    return inputs[parts["test"]]


def write_table(file, rows, new_values=False):
    """Numbers, one of them with gaps, and categories, one of them with gaps; new ones on demand."""
    colours = ["red", "green", "blue", ""] + (["violet"] if new_values else [])
    with open(file, "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*COLUMNS, "y", "kind"])
        for _ in range(rows):
            a, b, c = random.normal(20, 5), random.normal(), random.normal(-3, 2)
            colour, shape = random.integers(len(colours)), random.integers(5 if new_values else 4)
            y = 100 + 7 * a - b + 3 * colour * shape
            writer.writerow([f"{a:.4f}", f"{b:.4f}", "" if random.random() < 0.2 else f"{c:.4f}", colours[colour],
                             f"form{shape}", f"{y:.4f}", "high" if b + shape > 2 else "low" if c < -3 else "middle"])


def images(comparisons):
    for channels in (1, 3):
        # Rows and columns differ, so that axes cannot be mixed up unnoticed; patterns by class, and noise.
        labels = random.integers(0, 4, 150)
        pixels = random.integers(0, 120, (150, 9, 14, channels))
        for row, label in enumerate(labels):
            pixels[row, label * 2:label * 2 + 2, label:label + 6, label % channels] += 100
        folder = f"images{channels}"
        test = save_arrays(folder, pixels.astype(numpy.uint8), labels)
        feed = {"x": (test.transpose(0, 3, 1, 2) / 255).astype(numpy.float32)}
        for name, *flags in [("softmax",), ("mlp relu", "--dense", "24,16"), ("cnn",), ("cnn norm", "--batch-norm"),
                             ("mlp tanh", "--activation", "tanh", "--batch-norm", "--dropout", "0.2"),
                             ("mlp sigmoid", "--activation", "sigmoid"), ("mlp gelu", "--activation", "gelu"),
                             ("lstm", "--hidden", "20"), ("lstm two", "--hidden", "20", "--layers", "2", "--dropout", "0.2"),
                             ("gru", "--hidden", "20"), ("gru three", "--hidden", "20", "--layers", "3")]:
            name = f"{name} of {channels} channel{'s' if channels > 1 else ''}"
            run, model = train(comparisons, name, "--data", f"npy:{folder}", *flags)
            comparisons.check(f"{name}: inputs {model.inputs}", model.inputs == {"x": ["n", channels, 9, 14]})
            compare(comparisons, name, run, model, feed)


def rows(comparisons):
    """Numbers and series, of arrays; of classes and of numbers far from 0."""
    for kind, shape in (("numbers", (150, 8)), ("series", (150, 6, 3))):
        x = random.normal(3, 2, shape).astype(numpy.float32)
        sums = x.sum(axis=tuple(range(1, x.ndim)))
        for target, y in (("number", 50 + 3 * sums), ("class", (sums > numpy.median(sums)) + (sums > sums.mean() + 5))):
            folder = f"{kind}-{target}"
            feed = {"x": save_arrays(folder, x, y.astype(numpy.float32 if target == "number" else numpy.int64))}
            models = [("linear" if target == "number" else "softmax",), ("mlp", "--dense", "16", "--batch-norm")]
            if kind == "series":
                models += [("lstm", "--hidden", "12", "--layers", "2"), ("gru", "--hidden", "12", "--layers", "2")]
            else:
                models += [("tabular", "--dense", "16,8")]
            for name, *flags in models:
                name = f"{name} of {kind}, {target}"
                run, model = train(comparisons, name, "--data", f"npy:{folder}", *flags)
                compare(comparisons, name, run, model, feed)


def feed_of_table(model, file):
    """What the model takes of a table's rows, by what its metadata say."""
    schema, known = model.training["dataset"]["schema"], model.training["scaling"]["known"]
    with open(file, newline="") as stream:
        table = list(csv.DictReader(stream))
    feed = {}
    if schema["numeric"]:
        numbers = [[float(row[name] or "nan") for name in schema["numeric"]]
                   + [float(row[name] == "") for name in schema["with_gaps"]] for row in table]
        feed["x"] = numpy.array(numbers, dtype=numpy.float32)
    if schema["categories"]:
        codes = numpy.zeros((len(table), len(schema["categories"])), dtype=numpy.int64)
        for column, name in enumerate(schema["categories"]):
            values = schema["values"][column]
            for line, row in enumerate(table):
                code = values.index(row[name]) + 1 if row[name] in values else 0
                if row[name] == "" and schema["may_miss"][column]:
                    code = len(values) + 1
                codes[line, column] = code if code in known[column] else 0
        feed["codes"] = codes
    return feed


def tables(comparisons):
    write_table("table.csv", 300)
    write_table("new.csv", 40, new_values=True)
    numbers, categories = ["a", "b", "gaps"], ["colour", "shape"]
    for name, ignored, target, *flags in [
            ("tabular of both, number", [], "y", "--dense", "16", "--batch-norm"),
            ("tabular of both, class", [], "kind", "--dense", "16,8", "--activation", "gelu"),
            ("tabular of both, linear", [], "y", "--dense", "0"),
            ("tabular of categories", numbers, "kind"),
            ("tabular of one category", [*numbers, "shape"], "y"),
            ("tabular of numbers", categories, "y"),
            ("linear of a table", categories, "y"), ("softmax of a table", categories, "kind"),
            ("mlp of a table", categories, "kind")]:
        columns = []
        for column in [*ignored, "kind" if target == "y" else "y"]:
            columns += ["--column", f"{column}=ignore"]
        run, model = train(comparisons, name, "--data", "csv:table.csv", "--target", target, *columns, *flags)
        feed = feed_of_table(model, "new.csv")
        if "codes" in feed:
            comparisons.check(f"{name}: new.csv has unknown and missing categories",
                              0 in feed["codes"] and 4 in feed["codes"][:, 0] or "colour" in ignored)
        compare(comparisons, name, run, model, feed, "--data", "csv:new.csv")


def windows(comparisons):
    """A table in time order, of which some rows are an example."""
    for name in ("lstm of windows", "gru of windows", "mlp of windows", "linear of windows"):
        run, model = train(comparisons, name, "--data", "csv:table.csv", "--target", "y", "--window", str(WINDOW),
                           "--column", "kind=ignore", "--column", "colour=ignore", "--column", "shape=ignore")
        x = feed_of_table(model, "new.csv")["x"]
        feed = {"x": numpy.stack([x[first:first + WINDOW] for first in range(len(x) - WINDOW + 1)])}
        compare(comparisons, name, run, model, feed, "--data", "csv:new.csv")


def characters(comparisons):
    words = ["river", "bed", "slope", "water", "runs", "down", "hill", "ä", "é"]
    text = " ".join(random.choice(words, 1500)) + "\n"
    pathlib.Path("text.txt").write_text(text)
    for name, layers in (("lstm of characters", 1), ("gru of characters", 2)):
        run, model = train(comparisons, name, "--data", "text:text.txt", "--hidden", "24", "--layers", str(layers),
                           "--window", "16")
        comparisons.check(f"{name}: inputs {model.inputs}", model.inputs == {"x": ["n", "length"]})
        names = model.training["dataset"]["target"]["class_names"]
        code_of = {character: code for code, character in enumerate(names) if code > 0}
        codes = numpy.array([code_of.get(character, 0) for character in text])
        cut = len(codes) - int(len(codes) * 0.1)
        begins = range(cut, len(codes) - 16, 16)
        x = numpy.stack([codes[begin:begin + 16] for begin in begins])
        following = numpy.stack([codes[begin + 1:begin + 17] for begin in begins])
        loss = json.loads(thalweg("eval", run, "--json"))["test"]["loss"]
        for batch in BATCHES:
            shares = numpy.take_along_axis(softmax(model.run({"x": x}, batch)), following[..., None], 2)
            comparisons.add(f"{name}, loss, {batch} at a time", numpy.array([-numpy.log(shares).mean()]), numpy.array([loss]))
        written = [code_of[character] for character in "river"]
        for _ in range(60):
            logits = model.run({"x": numpy.array([written[-16:]])})[0, -1]
            written.append(1 + int(logits[1:].argmax()))
        told = json.loads(thalweg("predict", run, "--prompt", "river", "--characters", "60", "--temperature", "0", "--json"))
        comparisons.check(f"{name}: writes {told['text']!r}", "".join(names[code] for code in written[5:]) == told["text"])


def page(comparisons):
    """The page's commands up to its Python that uses onnxruntime, and that, on the one row that it has."""
    os.mkdir("page")
    os.chdir("page")
    text = PAGE.read_text()
    blocks = FENCE.findall(text, 0, text.index("\n## ", text.index("\n## In Python\n") + 1))
    last = next(place for place, (_, language, lines) in enumerate(blocks) if language == "python" and "onnxruntime" in lines)
    for marked, language, lines in blocks[:last]:
        if language == "sh" and marked:
            command("bash", "-euo", "pipefail", "-c", lines)
    names = {}
    exec(blocks[last][2], names)  # as documented
    training = json.loads(names["session"].get_modelmeta().custom_metadata_map["training"])
    schema = training["dataset"]["schema"]
    row = ["" if math.isnan(number) else number for number in names["numbers"][0].tolist()][:len(schema["numeric"])]
    row += [values[code - 1] for values, code in zip(schema["values"], names["codes"][0])]
    with open("row.csv", "w", newline="") as stream:
        csv.writer(stream).writerows([schema["numeric"] + schema["categories"], row])
    comparisons.add("docs/lab.md", names["probabilities"], predicted("runs/loans", training, "--data", "csv:row.csv"))


def main(program):
    comparisons = Comparisons()
    os.environ["PATH"] = f"{pathlib.Path(program).resolve().parent}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for part in (images, rows, tables, windows, characters, ratings, sounds, page):
            part(comparisons)
        os.chdir("/")
    print(f"{comparisons.count} comparisons, {comparisons.failures} failed; at most {comparisons.largest:.1e} apart")
    sys.exit(1 if comparisons.failures or not comparisons.count else 0)


if __name__ == "__main__":
    main(sys.argv[1])
