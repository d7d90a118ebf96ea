#!/usr/bin/env python3
"""64 trials of an MLP for two epochs by Optuna and PyTorch: tuning_peer.py FOLDER_OF_IDX threads|processes [TRIALS].

The peer of bench/tuning: the same network, data, batches, ranges and validation part. The examples are in memory as
tensors and batches are taken by index, which is faster than a DataLoader. Prints the seconds of the whole search, the
start of Python and the reading of the data left out, and the best accuracy.
"""

import gzip
import json
import multiprocessing
import os
import struct
import sys
import tempfile
import time

import numpy
import optuna
import torch
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

EPOCHS, BATCH = 2, 64


def read_idx(file):
    data = gzip.open(file).read()
    dimensions = data[3]
    shape = struct.unpack(f">{dimensions}I", data[4:4 + 4 * dimensions])
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * dimensions).reshape(shape)


class Task:
    def __init__(self, folder):
        images = torch.tensor(read_idx(f"{folder}/train-images-idx3-ubyte.gz")).float().flatten(1) / 255
        labels = torch.tensor(read_idx(f"{folder}/train-labels-idx1-ubyte.gz")).long()
        images = (images - images.mean()) / images.std()
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
        split = len(labels) // 10
        self.validation = images[order[:split]], labels[order[:split]]
        self.training = images[order[split:]], labels[order[split:]]

    def train(self, trial):
        torch.set_num_threads(1)
        torch.manual_seed(1001)
        model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
        optimizer = torch.optim.RMSprop(model.parameters(), lr=trial.suggest_float("lr", 1e-5, 1e-1, log=True),
                                        alpha=trial.suggest_float("alpha", 0.9, 0.999))
        images, labels = self.training
        steps = EPOCHS * (-(-len(labels) // BATCH))
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        loss_of = torch.nn.CrossEntropyLoss()
        for _ in range(EPOCHS):
            for batch in torch.randperm(len(labels)).split(BATCH):
                optimizer.zero_grad()
                loss_of(model(images[batch]), labels[batch]).backward()
                optimizer.step()
                schedule.step()
            with torch.no_grad():
                right = (model(self.validation[0]).argmax(1) == self.validation[1]).float().mean().item()
        return right


def work(folder, journal, trials, seed, ready, go):
    task = Task(folder)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    ready.release()
    go.wait()
    study = optuna.load_study(study_name="mlp", storage=JournalStorage(JournalFileBackend(journal)),
                              sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(task.train, n_trials=trials)


def main():
    folder, way = sys.argv[1:3]
    trials = int(sys.argv[3]) if len(sys.argv) > 3 else 64
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as temporary:
        journal = os.path.join(temporary, "journal.log")
        storage = JournalStorage(JournalFileBackend(journal)) if way == "processes" else None
        study = optuna.create_study(study_name="mlp", direction="maximize", storage=storage,
                                    sampler=optuna.samplers.TPESampler(seed=1))
        if way == "threads":
            task = Task(folder)
            begun = time.monotonic()
            study.optimize(task.train, n_trials=trials, n_jobs=2)
            seconds = time.monotonic() - begun
        else:
            context = multiprocessing.get_context("spawn")
            ready, go = context.Semaphore(0), context.Event()
            workers = [context.Process(target=work, args=(folder, journal, trials // 2, seed, ready, go))
                       for seed in (1, 2)]
            for worker in workers:
                worker.start()
            for _ in workers:
                ready.acquire()
            begun = time.monotonic()
            go.set()
            for worker in workers:
                worker.join()
            seconds = time.monotonic() - begun
        print(json.dumps({"way": way, "trials": len(study.trials), "seconds": round(seconds, 2),
                          "best": study.best_value}))


if __name__ == "__main__":
    main()
