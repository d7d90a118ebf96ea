"""Training steps and epochs as PyTorch's tutorials write them, timed on command.

    training_steps.py THREADS

Reads lines "TASK STEPS" and answers each with the mean seconds of one step of a task, of one epoch for tasks called
"TASK.epoch.WORKERS". The first line it prints is PyTorch's version.
"""

import gzip
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

WARM_UP = 0.02  # seconds: longer than OpenMP's threads spin after their last work
DATA = "/usr/share/datasets/fashion-mnist"  # where Debian's dataset-fashion-mnist has it
CATEGORIES = (3, 100, 5, 12, 7, 50, 1000, 20, 2, 9)  # of the columns of the tabular task


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


class Tabular(nn.Module):
    """The layer sizes of thalweg's own `tabular`: one category more a column, for what is unknown."""

    def __init__(self):
        super().__init__()
        self.embeddings = nn.ModuleList([nn.Embedding(count + 1, 16) for count in CATEGORIES])
        self.fc1 = nn.Linear(20 + 16 * len(CATEGORIES), 128)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(128, 2)

    def forward(self, numbers, codes):
        embedded = [embedding(codes[:, i]) for i, embedding in enumerate(self.embeddings)]
        x = torch.cat([numbers, *embedded], 1)
        return self.fc2(self.relu(self.fc1(x)))


class Factorization(nn.Module):
    """Biases and 64 factors of 6,040 users and 3,706 items, with sparse gradients."""

    def __init__(self):
        super().__init__()
        self.user = nn.Embedding(6041, 64, sparse=True)
        self.item = nn.Embedding(3707, 64, sparse=True)
        self.user_bias = nn.Embedding(6041, 1, sparse=True)
        self.item_bias = nn.Embedding(3707, 1, sparse=True)

    def forward(self, users, items):
        product = (self.user(users) * self.item(items)).sum(1)
        return product + self.user_bias(users).squeeze(1) + self.item_bias(items).squeeze(1)


def make_mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def images():
    return (torch.randn(64, 1, 28, 28),), torch.randint(0, 10, (64,))


def mlp():
    return make_mlp(), nn.CrossEntropyLoss(), *images()


def linear():
    x = torch.randn(100, 1)
    return nn.Linear(1, 1), nn.MSELoss(), (x,), 3 * x + 2


def cnn():
    return CNN(), nn.CrossEntropyLoss(), *images()


def cnn_channels_last():
    (x,), labels = images()
    model = CNN().to(memory_format=torch.channels_last)
    return model, nn.CrossEntropyLoss(), (x.to(memory_format=torch.channels_last),), labels


def rows(layer):
    return RowsOfImages(layer), nn.CrossEntropyLoss(), (torch.randn(64, 28, 28),), torch.randint(0, 10, (64,))


def lstm():
    return rows(nn.LSTM)


def gru():
    return rows(nn.GRU)


def tabular():
    codes = torch.stack([torch.randint(1, count + 1, (256,)) for count in CATEGORIES], 1)
    return Tabular(), nn.CrossEntropyLoss(), (torch.randn(256, 20), codes), torch.randint(0, 2, (256,))


def factorization():
    """Another batch each step, as a training has."""
    batches = [(torch.randint(1, 6041, (1024,)), torch.randint(1, 3707, (1024,)), torch.randn(1024)) for _ in range(64)]
    model, criterion = Factorization(), nn.MSELoss()
    optimizer = torch.optim.SparseAdam(model.parameters(), lr=1e-3)
    taken = 0

    def step():
        nonlocal taken
        users, items, ratings = batches[taken % len(batches)]
        taken += 1
        optimizer.zero_grad()
        loss = criterion(model(users, items), ratings)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def make_step(task):
    torch.manual_seed(1)
    model, criterion, inputs, targets = task()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        loss = criterion(model(*inputs), targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def seconds_of_steps(step, count):
    start = time.perf_counter()
    while time.perf_counter() - start < WARM_UP:
        step()
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) / count


def read_idx(name, offset):
    with gzip.open(f"{DATA}/{name}") as file:
        return torch.from_numpy(np.frombuffer(file.read(), np.uint8, offset=offset).copy())


def part(name):
    """Images as numbers from 0 to 1 and labels: in memory, as is quickest for a DataLoader."""
    pixels = read_idx(f"{name}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    return TensorDataset(pixels.float() / 255, read_idx(f"{name}-labels-idx1-ubyte.gz", 8).long())


def make_epoch(make_model, workers):
    """Trains on 60,000 images in batches of 64, then counts what is right of 10,000, with the loss."""
    torch.manual_seed(1)
    training = DataLoader(part("train"), batch_size=64, shuffle=True, num_workers=workers)
    test = DataLoader(part("t10k"), batch_size=64, num_workers=workers)
    criterion = nn.CrossEntropyLoss()

    def epoch():
        model = make_model()
        optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
        model.train()
        for x, y in training:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        model.eval()
        loss, correct = 0.0, 0
        with torch.no_grad():
            for x, y in test:
                outputs = model(x)
                loss += criterion(outputs, y).item()
                correct += (outputs.argmax(1) == y).sum().item()
        return correct

    return epoch


def seconds_of_epochs(epoch, count):
    start = time.perf_counter()
    for _ in range(count):
        epoch()
    return (time.perf_counter() - start) / count


TASKS = {task.__name__: task for task in (mlp, linear, cnn, cnn_channels_last, lstm, gru, tabular)}
MODELS = {"mlp": make_mlp, "cnn": CNN}


def make(name):
    """What gives the mean seconds of so many steps, or epochs, of the task."""
    if ".epoch." not in name:
        step = factorization() if name == "factorization" else make_step(TASKS[name])
        return lambda count: seconds_of_steps(step, count)
    model, _, workers = name.split(".")
    epoch = make_epoch(MODELS[model], int(workers))
    return lambda count: seconds_of_epochs(epoch, count)


def main():
    torch.set_num_threads(int(sys.argv[1]))
    print(torch.__version__, flush=True)
    timed = {}
    for line in sys.stdin:
        name, count = line.split()
        if name not in timed:
            timed[name] = make(name)
        print(timed[name](int(count)), flush=True)


if __name__ == "__main__":
    main()
