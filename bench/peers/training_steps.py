"""Training steps as PyTorch's tutorials write them, timed on command.

Reads lines "TASK STEPS" (mlp, linear, cnn, lstm or gru) and answers each with the mean seconds of one step. The first line it
prints is PyTorch's version.
"""

import sys
import time

import torch
from torch import nn

WARM_UP = 0.02  # seconds: longer than OpenMP's threads spin after their last work


class CNN(nn.Module):
    """The layer sizes of thalweg's own `cnn`."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU()
        self.fc1 = nn.Linear(64 * 7 * 7, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = self.relu(self.fc1(x))
        return self.fc2(x)


class RowsOfImages(nn.Module):
    """The rows of an image as a sequence: a recurrent layer of 128, and a dense one on its last step."""

    def __init__(self, layer):
        super().__init__()
        self.recurrent = layer(28, 128, batch_first=True)
        self.output = nn.Linear(128, 10)

    def forward(self, x):
        steps, _ = self.recurrent(x)
        return self.output(steps[:, -1])


def mlp():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return model, nn.CrossEntropyLoss(), torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))


def linear():
    x = torch.randn(100, 1)
    return nn.Linear(1, 1), nn.MSELoss(), x, 3 * x + 2


def cnn():
    return CNN(), nn.CrossEntropyLoss(), torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))


def rows(layer):
    return RowsOfImages(layer), nn.CrossEntropyLoss(), torch.randn(64, 28, 28), torch.randint(0, 10, (64,))


def lstm():
    return rows(nn.LSTM)


def gru():
    return rows(nn.GRU)


def make_step(task):
    torch.manual_seed(1)
    model, criterion, inputs, targets = task()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


TASKS = {task.__name__: task for task in (mlp, linear, cnn, lstm, gru)}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    print(torch.__version__, flush=True)
    steps = {}
    for line in sys.stdin:
        name, count = line.split()
        if name not in steps:
            steps[name] = make_step(TASKS[name])
        step = steps[name]
        start = time.perf_counter()
        while time.perf_counter() - start < WARM_UP:
            step()
        start = time.perf_counter()
        for _ in range(int(count)):
            step()
        print((time.perf_counter() - start) / int(count), flush=True)


if __name__ == "__main__":
    main()
