#!/usr/bin/env python3
"""Carries runs from thalweg to PyTorch and from PyTorch to thalweg, as docs/dialects.md says: run.py TORCH_STATE_STEPS

Of every case of tests/goldens/torch_state_cases.py ten steps are taken on one side and ten on the other, both ways, and
once back and forth after every fourth step; the end is compared with twenty steps of PyTorch. Needs torch and
safetensors (scripts/peers_python.sh). Exits 1 if a relative error is above 1e-12 (float64) or 1e-5 (float32).
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
from safetensors.torch import load_file, save_file

from documented import load_torch_state, save_torch_state

sys.path.append(str(pathlib.Path(__file__).parent.parent / "goldens"))
from torch_cases import in_thalweg  # noqa: E402
from torch_state_cases import LR_FACTORS, SHAPES, STEPS, group_members, numbers, option_sets  # noqa: E402

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


class Case:
    def __init__(self, name, options, differing, dtype, folder):
        self.name, self.options, self.differing, self.dtype, self.folder = name, options, differing, dtype, folder
        self.start, self.gradients = numbers(dtype)
        self.first_lrs = [group["lr"] for group in self.optimizer(self.parameters(self.start)).param_groups]

    @staticmethod
    def parameters(arrays):
        return {name: torch.nn.Parameter(torch.tensor(numpy.asarray(array))) for name, array in arrays.items()}

    def optimizer(self, thetas, options=None):
        """PyTorch's, with the case's options or with these for all groups."""
        groups = [{"params": [thetas[name] for name in members]} for members in group_members(self.differing)]
        if options is None:
            groups[-1] |= self.differing or {}
        return getattr(torch.optim, self.name)(groups, **(self.options if options is None else options))

    def lrs(self, step):
        """The groups' learning rates from this step on, where they change."""
        return [lr * LR_FACTORS[step] for lr in self.first_lrs] if step in LR_FACTORS else None

    def in_torch(self, optimizer, thetas, first, last):
        for step in range(first, last + 1):
            for group, lr in zip(optimizer.param_groups, self.lrs(step) or []):
                group["lr"] = lr
            for name, theta in thetas.items():
                gradient = self.gradients[name][step - 1]
                theta.grad = None if gradient is None else torch.tensor(gradient)
            optimizer.step()

    def in_thalweg(self, program, optimizer, thetas, first, last):
        """Goes on from PyTorch's optimizer; gives parameters and an optimizer in PyTorch again."""
        problem, before, theta, after = (self.folder / name for name in ("problem", "before", "theta", "after"))
        tensors = {f"theta/{name}": parameter.detach().clone() for name, parameter in thetas.items()}
        for name, steps in self.gradients.items():
            tensors |= {f"gradients/{step}/{name}": torch.tensor(gradient) for step, gradient in enumerate(steps, 1)
                        if gradient is not None}
        rule, _ = in_thalweg(self.name, optimizer.param_groups[0])
        metadata = {"rule": rule, "groups": str(len(optimizer.param_groups))}
        metadata |= {f"lr/{step}": " ".join(map(repr, self.lrs(step))) for step in LR_FACTORS}
        save_file(tensors, problem, metadata)
        save_torch_state(optimizer, thetas.items(), before)
        subprocess.run([program, problem, before, str(first), str(last), theta, after], check=True)
        thetas = self.parameters({name: tensor.reshape(SHAPES[name]) for name, tensor in load_file(theta).items()})
        thetas = {name: thetas[name] for name in SHAPES}
        optimizer = self.optimizer(thetas, {"lr": 1.0})  # all of it comes from the file
        load_torch_state(optimizer, thetas.items(), after)
        return optimizer, thetas

    def run(self, program, here):
        """Twenty steps, in thalweg where `here` says so; gives the parameters."""
        thetas = self.parameters(self.start)
        optimizer = self.optimizer(thetas)
        for first, last, is_here in here:
            if is_here:
                optimizer, thetas = self.in_thalweg(program, optimizer, thetas, first, last)
            else:
                self.in_torch(optimizer, thetas, first, last)
        return {name: theta.detach().numpy().astype(numpy.float64) for name, theta in thetas.items()}


def relative_error(ours, expected, dtype):
    floor = 1e-3 if dtype == "float64" else 0.1
    worst = 0.0
    for name, values in expected.items():
        scale = numpy.maximum(numpy.abs(values), floor * numpy.max(numpy.abs(values)))
        worst = max(worst, float(numpy.max(numpy.abs(ours[name] - values) / scale)))
    return worst


WAYS = {
    "thalweg, then PyTorch": [(1, 10, True), (11, STEPS, False)],
    "PyTorch, then thalweg": [(1, 10, False), (11, STEPS, True)],
    "back and forth": [(first, first + 3, first % 8 == 1) for first in range(1, STEPS, 4)],
}


def main(program):
    failed, count, worst = False, 0, {}
    with tempfile.TemporaryDirectory() as folder:
        for dtype in ("float64", "float32"):
            for name, options, differing in option_sets():
                # PyTorch keeps NAdam's product of μ in the default type.
                torch.set_default_dtype(getattr(torch, dtype) if name == "NAdam" else torch.float32)
                case = Case(name, options, differing, dtype, pathlib.Path(folder))
                expected = case.run(program, [(1, STEPS, False)])
                for way, here in WAYS.items():
                    error = relative_error(case.run(program, here), expected, dtype)
                    worst[way, dtype] = max(worst.get((way, dtype), 0), error)
                    count += 1
                    if not error <= TOLERANCE[dtype]:
                        failed = True
                        print(f"{name}({options}), {differing}, {dtype}, {way}: relative error {error:.1e}")
    for (way, dtype), error in worst.items():
        print(f"{way}, {dtype}: largest relative error {error:.1e}")
    print(f"{count} runs")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1])
