#!/usr/bin/env python3
"""Exported models give in Python what the command predicts: run.py THALWEG

Runs the lines of docs/lab.md as they stand there, up to the end of its section "In Python", and compares the
probabilities with those of `thalweg predict`. Then every model of images once more, exported both ways, beside a model
in PyTorch whose modules have the names that docs/models.md says. Needs torch and safetensors (scripts/peers_python.sh).
Exits 1 if a probability differs by more than 1e-5.
"""

import csv
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections import OrderedDict

import torch
from safetensors import safe_open
from torch import nn

PAGE = pathlib.Path(__file__).parent.parent.parent / "docs" / "lab.md"
FENCE = re.compile(r"(<!-- test: shell -->\n)?```(sh|python)\n(.*?)```", re.DOTALL)
TOLERANCE = 1e-5


def command(*words):
    """Runs it; what it prints is shown only if it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{words} ended with {done.returncode}:\n{done.stdout}")


def predicted(run, *flags):
    """What `thalweg predict` says: the probabilities, or numbers as one column."""
    text = subprocess.run(["thalweg", "predict", run, *flags], check=True, capture_output=True, text=True).stdout
    header, *rows = csv.reader(io.StringIO(text))
    first = 1 if len(header) > 1 else 0
    return torch.tensor([[float(value) for value in row[first:]] for row in rows], dtype=torch.float64)


def metadata(run):
    with safe_open(f"{run}/checkpoint.safetensors", "pt") as file:
        return json.loads(file.metadata()["training"])


def row_of_page(run, numbers, codes):
    """The page's one row of a table as a file with the run's columns."""
    schema = metadata(run)["dataset"]["schema"]
    values = ["" if number != number else repr(number) for number in numbers[0].tolist()][:len(schema["numeric"])]
    values += [names[code - 1] for names, code in zip(schema["values"], codes[0].tolist())]
    pathlib.Path("row.csv").write_text(",".join(schema["numeric"] + schema["categories"]) + "\n" + ",".join(values) + "\n")
    return "csv:row.csv"


class Rows(nn.Module):
    """lstm and gru on images: each row is a step."""

    def __init__(self, name, layers):
        super().__init__()
        self.add_module(name, layers)
        self.output = nn.Linear(128, 10)
        self.layers = [layers]  # in a list, so that it is no second module

    def forward(self, images):
        return self.output(self.layers[0](images.squeeze(1))[0][:, -1])


def dense(inputs, **hidden):
    return OrderedDict(flatten=nn.Flatten(), dense1=nn.Linear(inputs, 128), **hidden, output=nn.Linear(128, 10))


def models():
    """Name: flags, and a PyTorch model of the same shape with the documented names."""
    convolutions = OrderedDict(conv1=nn.Conv2d(1, 32, 3, padding=1), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
                               conv2=nn.Conv2d(32, 64, 3, padding=1), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2))
    return {
        "softmax": ([], nn.Sequential(OrderedDict(flatten=nn.Flatten(), output=nn.Linear(784, 10)))),
        "mlp": (["--batch-norm", "--activation", "tanh"],
                nn.Sequential(dense(784, norm1=nn.BatchNorm1d(128), tanh1=nn.Tanh()))),
        "cnn": ([], nn.Sequential(convolutions | dense(64 * 7 * 7, relu3=nn.ReLU()))),
        "lstm": (["--layers", "2"], Rows("lstm", nn.LSTM(28, 128, num_layers=2, batch_first=True))),
        "gru": ([], Rows("gru", nn.GRU(28, 128, batch_first=True))),
    }


class Comparisons:
    def __init__(self):
        self.count, self.failed = 0, False

    def add(self, what, probabilities, expected):
        apart = float((probabilities.double() - expected).abs().max()) if probabilities.shape == expected.shape else None
        fine = apart is not None and apart <= TOLERANCE
        self.count += 1
        self.failed |= not fine
        print(f"{'ok     ' if fine else 'FAILED '} {what}: {tuple(probabilities.shape)}, "
              + (f"{apart:.1e} apart" if apart is not None else f"predict gives {tuple(expected.shape)}"))


def run_page(comparisons):
    """The page's commands and Python, one after another; gives the images that its Python reads."""
    text = PAGE.read_text()
    here = text.index("\n## In Python\n")
    end = text.index("\n## ", here + 1)
    names, files = {}, set()
    for block in FENCE.finditer(text, 0, end):
        marked, language, lines = block.groups()
        if language == "sh" and marked:
            command("bash", "-euo", "pipefail", "-c", lines)
        elif language == "python" and "onnxruntime" not in lines:  # which onnx.py runs
            exec(lines, names)  # as documented
            file = re.search(r'"(\w+)\.(pt|safetensors)"', lines)
            if file:
                files.add(f"{file[1]}.{file[2]}")
                run = f"runs/{file[1]}"
                flags = ["--data", row_of_page(run, names["numbers"], names["codes"])] if file[1] == "loans" else []
                comparisons.add(f"docs/lab.md, {file[1]}.{file[2]}", names["probabilities"].detach(), predicted(run, *flags))
    if files != {"clothes.pt", "clothes.safetensors", "loans.pt"}:
        sys.exit(f"docs/lab.md opens {sorted(files)} in Python")
    return names["images"]


def run_models(comparisons, images):
    for name, (flags, model) in models().items():
        run = f"runs/{name}"
        command("thalweg", "train", "--model", name, *flags, "--epochs", "1", "--train-limit", "500", "--test-limit", "200",
                "--out", run)
        for end in ("pt", "safetensors"):
            command("thalweg", "export", run, "-o", f"{name}.{end}")
        expected = predicted(run)
        with torch.no_grad():
            comparisons.add(f"{name}.pt", torch.jit.load(f"{name}.pt")(images).softmax(1), expected)
            with safe_open(f"{name}.safetensors", "pt") as file:
                model.load_state_dict({key: file.get_tensor(key) for key in file.keys()})
            scaling = metadata(run)["scaling"]
            model.eval()
            scaled = (images - scaling["mean"][0]) / scaling["deviation"][0]
            comparisons.add(f"{name}.safetensors", model(scaled).softmax(1), expected)


def main(program):
    comparisons = Comparisons()
    os.environ["PATH"] = f"{pathlib.Path(program).resolve().parent}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        images = run_page(comparisons)
        run_models(comparisons, images[:200])
        os.chdir("/")
    print(f"{comparisons.count} comparisons")
    sys.exit(1 if comparisons.failed else 0)


if __name__ == "__main__":
    main(sys.argv[1])
