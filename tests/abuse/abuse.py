#!/usr/bin/env python3
"""Abuses the thalweg command as machines and people do: abuse.py THALWEG [PART]…

Kills, full disks, two processes, other users, limits, odd files, archive bombs, signals. Nothing that was reported as
done may be lost, nothing may hang, and every end is one of the documented exit codes. Where root is needed and this is
not root, a part says so and is left out. THALWEG_ABUSE=3 repeats what is random three times as often.
"""

import gzip
import os
import random
import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

HANG = 150  # seconds after which a command counts as hanging on an idle machine; a worker that says nothing has 60
NOBODY = 65534
TIMES = float(os.environ.get("THALWEG_ABUSE", "1"))
thalweg = ""
chance = random.Random(int(os.environ.get("THALWEG_ABUSE_SEED", "1")))


class Wrong(Exception):
    """What should not have happened."""


def times(count):
    return max(1, round(count * TIMES))


def patience(seconds):
    """On a machine that others use too, a command takes as many times as long as there are programs for each core."""
    return seconds * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))


def expect(true, *what):
    if not true:
        raise Wrong(" ".join(str(part)[-2000:] for part in what))


# ---- running it

class Ended:
    def __init__(self, code, output, errors):
        self.code, self.output, self.errors = code, output, errors

    def __str__(self):
        return f"[exit {self.code}] {self.output[-600:]}{self.errors[-1200:]}"


started = []


def start(arguments, prepare=None, user=None):
    extra = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
    process = subprocess.Popen([thalweg, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, errors="replace", preexec_fn=prepare, **extra)
    started.append(process)
    return process


def wait(process, seconds=HANG):
    try:
        output, errors = process.communicate(timeout=patience(seconds))
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        raise Wrong("hangs:", process.args, output, errors) from None
    return Ended(process.returncode, output, errors)


def run(arguments, prepare=None, user=None, seconds=HANG):
    return wait(start(arguments, prepare, user), seconds)


def expect_refused(ended, *words):
    """One line of why, and an exit code of ours: no signal, no abort."""
    expect(ended.code in (1, 2), "no documented exit code:", ended)
    expect("thalweg:" in ended.errors, "does not say why:", ended)
    expect(all(word in ended.errors for word in words), "does not say", words, ended)


def kill_after(process, seconds, number=signal.SIGKILL):
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    return wait(process)


def state_of(folder):
    """Changes whenever something is written into the folder."""
    try:
        return sorted((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in folder.iterdir())
    except FileNotFoundError:  # the folder, or a file in between
        return None


def until(process, there):
    """Waits until something is there; false if the process ended before."""
    end = time.monotonic() + patience(HANG)
    while not there():
        if process.poll() is not None:
            return False
        expect(time.monotonic() < end, "nothing happens:", process.args)
        time.sleep(0.01)
    return True


def kill_at_work(process, folder, most):
    """Kills it at a random time after it has begun to write, however long it took to get there."""
    before = state_of(folder)
    until(process, lambda: state_of(folder) != before)
    return kill_after(process, chance.uniform(0, most))


def children(process):
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


# ---- data and studies

def idx(shape, values):
    return bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape) + bytes(values)


def make_data(folder, train=600, test=80, side=12):
    """Images that can be learned: label k has a bright square of its own, over noise."""
    folder.mkdir()
    noise = random.Random(5)
    for name, count in ("train", train), ("t10k", test):
        labels = [noise.randrange(10) for _ in range(count)]
        pixels = bytearray()
        for label in labels:
            for y in range(side):
                for x in range(side):
                    bright = y // 3 == label // 4 and x // 3 == label % 4
                    pixels.append(noise.randrange(128) + (100 if bright else 0))
        (folder / f"{name}-images-idx3-ubyte").write_bytes(idx((count, side, side), pixels))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx((count,), labels))


def train_flags(work, epochs):
    return ["train", "--data", f"idx:{work / 'data'}", "--dense", 16, "--threads", 1, "--lr", 3e-3, "--schedule",
            "constant", "--checkpoint-every", 3, "--epochs", epochs, "--seed", 11]


def compare_flags(work, out, epochs=3):
    return ["compare", "rmsprop", "sgd:momentum=0.9", "--data", f"idx:{work / 'data'}", "--dense", 16, "--tune-lr",
            "1e-3,1e-2", "--seeds", 3, "--epochs", epochs, "--tune-epochs", 2, "--jobs", 2, "--out", out]


def tune_flags(work, out, sampler="tpe", trials=64, epochs=3):
    return ["tune", "--range", "lr=log:1e-4:1e-1", "--range", "momentum=0:0.9", "--optimizer", "sgd", "--data",
            f"idx:{work / 'data'}", "--dense", 16, "--sampler", sampler, "--trials", trials, "--epochs", epochs,
            "--eta", 3, "--jobs", 2, "--out", out]


def query(study, sql):
    with closing(sqlite3.connect(study / "study.sqlite")) as database:
        return database.execute(sql).fetchall()


def report(work, out, **more):
    return run(["report", out, "-o", work / "page.html"], **more)


def small_disk(folder, size):
    folder.mkdir(exist_ok=True)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def expect_read(ended):
    """A study may hold nothing yet that a report could show; that is no damage."""
    expect(ended.code == 0 or (ended.code == 1 and "damaged" not in ended.errors), ended)


def expect_same_run(one, other):
    for records in ("epoch, step FROM epochs ORDER BY epoch",
                    "epoch, part, metric, value FROM scores ORDER BY epoch, part, metric",
                    "step, loss FROM steps ORDER BY step", "status, epochs, steps FROM trials"):
        expect(query(one, f"SELECT {records}") == query(other, f"SELECT {records}"), "differs:", records)


def search_records(study):
    """All that a search told, by trial and without seconds, whatever the order in which its trials ended."""
    trial = "(SELECT number FROM trials WHERE trials.id = trial)"
    return {records: query(study, f"SELECT {records}") for records in (
        "number, parameters, optimizer, lr, status, epochs, steps, outcome, reason, error FROM trials ORDER BY number",
        f"{trial} AS number, epoch, step FROM epochs ORDER BY number, epoch",
        f"{trial} AS number, epoch, part, metric, value FROM scores ORDER BY number, epoch, part, metric",
        f"{trial} AS number, step, loss FROM steps ORDER BY number, step")}


def expect_same_search(one, other):
    mine, others = search_records(one), search_records(other)
    for records, rows in mine.items():
        differing = [pair for pair in zip(rows, others[records]) if pair[0] != pair[1]]
        expect(rows == others[records], "differs:", records, len(rows), len(others[records]), differing[:3])
    expect(query(one, "PRAGMA integrity_check") == [("ok",)], "the database is damaged")
    litter = {file.name for file in one.iterdir()} - {"study.sqlite", "best.toml", "tasks", "plan.json"}
    expect(not litter, "left behind:", litter)


# ---- the parts: each returns what it did, in words

def kill_train(work):
    """Killed anywhere and resumed, a run gives the numbers of one that never was; a reader beside it always reads."""
    whole = run([*train_flags(work, 150), "--out", work / "whole"])
    expect(whole.code == 0, whole)
    kills = readings = 0
    runs = 1
    out = work / "run"
    while kills < times(60):
        there = (out / "checkpoint.safetensors").exists()
        process = start(["train", "--resume", out] if there else [*train_flags(work, 150), "--out", out])
        ended = kill_at_work(process, out, 0.5) if kills % 3 else kill_after(process, chance.uniform(0, 2))
        expect(ended.code in (0, -signal.SIGKILL), ended)
        kills += ended.code != 0
        if (out / "study.sqlite").exists() and kills % 4 == 0:
            expect_read(report(work, out))
            readings += 1
        if ended.code == 0:
            expect_same_run(out, work / "whole")
            shutil.rmtree(out)
            runs += 1
    there = (out / "checkpoint.safetensors").exists()
    ended = run(["train", "--resume", out] if there else [*train_flags(work, 150), "--out", out])
    expect(ended.code == 0, ended)
    expect_same_run(out, work / "whole")
    expect({file.name for file in out.iterdir()} == {"study.sqlite", "checkpoint.safetensors"}, list(out.iterdir()))
    return f"{kills} kills in {runs} runs, {readings} readings of what was left"


def kill_creation(work):
    """Killed in its first moments, a study or run is made by the same command."""
    kills = 0
    for i in range(times(20)):
        out = work / f"new{i}"
        command = compare_flags(work, out, 1) if i % 2 else [*train_flags(work, 1), "--out", out]
        for _ in range(2):
            ended = kill_after(start(command), chance.uniform(0, 0.5))
            expect(ended.code in (0, 1, -signal.SIGKILL), ended)
            kills += ended.code == -signal.SIGKILL
        if (out / "checkpoint.safetensors").exists():
            command = ["train", "--resume", out]
        ended = run(command)
        expect(ended.code == 0, ended)
        shutil.rmtree(out)
    return f"{kills} kills"


def kill_compare(work):
    """Killed anywhere and run again, a comparison keeps all trials it had finished, and comes to its end."""
    out, kills, kept = work / "study", 0, {}
    while kills < times(20):
        process = start(compare_flags(work, out, 4))
        ended = kill_at_work(process, out, 4) if kills % 3 else kill_after(process, chance.uniform(0, 4))
        expect(ended.code in (0, -signal.SIGKILL), ended)
        kills += ended.code != 0
        if (out / "study.sqlite").exists():
            expect_read(report(work, out))
            now = dict(query(out, "SELECT id, seconds FROM trials WHERE status = 'finished'"))
            expect(all(now.get(trial) == seconds for trial, seconds in kept.items()), "lost:", kept, now)
            kept = now
        if ended.code == 0:
            shutil.rmtree(out)
            kept = {}
    ended = run(compare_flags(work, out, 4))
    expect(ended.code == 0, ended)
    expect(query(out, "SELECT count(*) FROM trials WHERE status <> 'finished'") == [(0,)], "unfinished trials")
    expect({file.name for file in out.iterdir()} == {"study.sqlite"}, list(out.iterdir()))
    return f"{kills} kills"


def kill_workers(work):
    """Where a worker is killed, another one goes on with its trial: the command itself comes to its end."""
    out, kills = work / "study", 0
    for number in [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGABRT] * times(2):
        process = start(compare_flags(work, out, 60))
        until(process, lambda: (out / "study.sqlite").exists() and children(process.pid))  # noqa: B023
        for _ in range(2):  # a trial that costs three workers in a row has failed
            time.sleep(chance.uniform(0, 1.5))
            if workers := children(process.pid):
                os.kill(chance.choice(workers), number)
                kills += 1
        ended = wait(process)
        expect(ended.code == 0, ended)
        expect(query(out, "SELECT count(*), status FROM trials GROUP BY status") == [(10, "finished")], "not whole")
        expect({file.name for file in out.iterdir()} == {"study.sqlite"}, list(out.iterdir()))
        shutil.rmtree(out)
    return f"{kills} workers killed"


def kill_search(work):
    """Killed anywhere, itself or its workers, and run again, a search gives what an undisturbed one gives."""
    said = []
    for sampler in "tpe", "hyperband":
        whole, out = work / f"whole-{sampler}", work / f"killed-{sampler}"
        epochs = 3 if sampler == "tpe" else 9
        ended = run(tune_flags(work, whole, sampler, epochs=epochs))
        expect(ended.code == 0, ended)
        kills = {"coordinators": 0, "workers": 0}
        searches = 0
        while sum(kills.values()) < times(50):
            process = start(tune_flags(work, out, sampler, epochs=epochs))
            until(process, lambda: (out / "study.sqlite").exists() and children(process.pid))  # noqa: B023
            # A trial that costs three workers in a row has failed: two at most.
            for _ in range(chance.randrange(3)):
                time.sleep(chance.uniform(0, 1))
                if workers := children(process.pid):
                    os.kill(chance.choice(workers), signal.SIGKILL)
                    kills["workers"] += 1
            try:
                process.wait(chance.uniform(0, 3))
            except subprocess.TimeoutExpired:
                process.kill()
                kills["coordinators"] += 1
            ended = wait(process)
            expect(ended.code in (0, -signal.SIGKILL), ended)
            if kills["coordinators"] % 8 == 0:
                expect_read(report(work, out))
            if ended.code == 0:
                expect_same_search(out, whole)
                shutil.rmtree(out)
                searches += 1
        ended = run(tune_flags(work, out, sampler, epochs=epochs))
        expect(ended.code == 0, ended)
        expect_same_search(out, whole)
        said.append(f"{sampler}: {kills['coordinators']} searches and {kills['workers']} workers killed, "
                    f"{searches + 1} ends")
    return "; ".join(said)


def kill_tasks(work):
    """Tasks of a batch array, some killed anywhere and started again, are together the search of one process."""
    whole, kills = work / "whole", 0
    trials = 16
    flags = [flag for flag in tune_flags(work, whole, trials=trials, epochs=20) if flag not in ("--jobs", 2)]
    ended = run([*flags, "--jobs", 2])
    expect(ended.code == 0, ended)
    for round_ in range(times(2)):
        out = work / f"tasks{round_}"
        command = [*flags[:-1], out]
        running = {number: start([*command, "--task", number]) for number in range(trials)}
        while running:
            time.sleep(chance.uniform(0, 0.3))
            number = chance.choice(list(running))
            process = running[number]
            if process.poll() is None and chance.random() < 0.5 and kills < times(40) * (round_ + 1):
                process.kill()
                kills += 1
            for number, process in list(running.items()):
                if process.poll() is None:
                    continue
                ended = wait(process)
                expect(ended.code in (0, -signal.SIGKILL), "task", number, ended)
                del running[number]
                if ended.code != 0:
                    running[number] = start([*command, "--task", number])
        ended = run(["tune", "merge", out])
        expect(ended.code == 0 and "missing" not in ended.errors, ended)
        expect_same_search(out, whole)
        left = {file.name for file in (out / "tasks").iterdir()}
        expect(left == {f"{number}.json" for number in range(trials)}, "left behind:", left)
    return f"{kills} of {times(2) * trials} tasks' processes killed"


def full_disk(work):
    """On a disk of any size, the command says that it is full; with more room, the same command goes on."""
    disk = work / "disk"
    if os.geteuid() != 0 or not small_disk(disk, "4k"):
        return None
    refused = 0
    try:
        for size in (4, 8, 16, 32, 48, 60, 72, 96, 128, 192, 256):
            out = disk / "out"
            for command in ([*train_flags(work, 2), "--out", out], compare_flags(work, out, 1),
                            tune_flags(work, out, trials=4, epochs=1)):
                for entry in disk.iterdir():
                    shutil.rmtree(entry)
                subprocess.run(["mount", "-o", f"remount,size={size}k", disk], check=True)
                ended = run(command)
                if ended.code != 0:
                    refused += 1
                    expect_refused(ended)
                    expect(any(word in ended.errors for word in ("disk is full", "No space left")), size, ended)
                subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
                if command[0] == "train" and (out / "checkpoint.safetensors").exists():
                    command = ["train", "--resume", out]
                again = run(command)
                expect(again.code == 0, size, "kB:", again)
                expect(report(work, out).code == 0, "no report")
    finally:
        subprocess.run(["umount", disk], check=True)
    expect(refused > 8, "the disk was full only", refused, "times")
    return f"full {refused} times"


def two_processes(work):
    """One works, the others are refused and told who it is; readers are not."""
    refused = 0
    for command in ([*train_flags(work, 100000), "--out", work / "run"], compare_flags(work, work / "study", 100000),
                    tune_flags(work, work / "search", epochs=100000)):
        out = command[command.index("--out") + 1]
        first = start(command)
        try:
            sign = "checkpoint.safetensors" if command[0] == "train" else "study.sqlite-wal"
            expect(until(first, lambda: (out / sign).exists()), "ended early")  # noqa: B023
            others = [command, ["train", "--resume", out]] if command[0] == "train" else [command]
            for other in others:
                ended = run(other)
                # A new run is refused by what is there already, all else by the lock.
                words = () if other == command and command[0] == "train" else (f"process {first.pid}",)
                expect_refused(ended, "another process is working in this folder", *words)
                refused += 1
            expect_read(report(work, out))
        finally:
            first.send_signal(signal.SIGTERM)
            expect(wait(first).code == 130, "not interrupted")
    for i in range(times(6)):  # all at once, on a folder that none of them finds there
        out = work / "race"
        shutil.rmtree(out, ignore_errors=True)
        flags = tune_flags(work, out, trials=10, epochs=1) if i % 2 else compare_flags(work, out, 1)
        processes = [start(flags) for _ in range(4)]
        ends = [wait(process) for process in processes]
        expect(any(ended.code == 0 for ended in ends), *ends)
        for ended in ends:
            if ended.code != 0:
                expect_refused(ended, "another process is working in this folder")
                refused += 1
        expect(query(out, "SELECT count(*), status FROM trials GROUP BY status") == [(10, "finished")], "not whole")
    return f"{refused} refused"


def another_user(work):
    """A study that may be read is read by others too, from folders and disks where nothing may be written."""
    if os.geteuid() != 0:
        return None
    out, pages = work / "study", work / "pages"
    pages.mkdir()
    pages.chmod(0o777)
    work.chmod(0o755)
    expect(run(compare_flags(work, out)).code == 0)

    def read(study):
        before = sorted((file.name, file.stat().st_mtime_ns) for file in study.iterdir())
        ended = run(["report", study, "-o", pages / "page.html"], user=NOBODY)
        expect(ended.code == 0, ended)
        expect(before == sorted((file.name, file.stat().st_mtime_ns) for file in study.iterdir()), "traces")

    read(out)
    killed = work / "killed"
    process = start(compare_flags(work, killed, 100000))
    log = killed / "study.sqlite-wal"
    expect(until(process, lambda: log.exists() and log.stat().st_size > 0), "ended early")
    time.sleep(1)
    kill_after(process, 0)
    read(killed)
    disk = work / "disk"
    readings = 2
    if small_disk(disk, "8m"):
        try:
            for study in out, killed:
                shutil.copytree(study, disk / study.name)
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            for study in out, killed:
                read(disk / study.name)
                readings += 1
        finally:
            subprocess.run(["umount", disk], check=True)
    ended = run(["train", "--resume", out], user=NOBODY)
    expect_refused(ended)
    return f"{readings} readings by another user"


def limits(work):
    """With too few processes, files, too little memory or space: it works, or says why not, and never hangs."""
    said = []
    tries = [("RLIMIT_AS", 400_000_000), ("RLIMIT_AS", 1_000_000_000), ("RLIMIT_AS", 2_000_000_000),
             ("RLIMIT_FSIZE", 1000), ("RLIMIT_FSIZE", 40_000), ("RLIMIT_FSIZE", 100_000), ("RLIMIT_NOFILE", 4),
             ("RLIMIT_NOFILE", 8), ("RLIMIT_NOFILE", 16), ("RLIMIT_STACK", 200_000)]
    if os.geteuid() == 0:
        tries += [("RLIMIT_NPROC", 1), ("RLIMIT_NPROC", 3)]
    work.chmod(0o755)
    for i, (name, value) in enumerate(tries):
        for compare in (False, True):
            place = work / f"limits{i}{compare}"
            place.mkdir()
            place.chmod(0o777)
            out = place / "out"
            command = compare_flags(work, out, 1) if compare else [*train_flags(work, 1), "--out", out]
            limit = getattr(resource, name)
            ended = run(command, prepare=lambda: resource.setrlimit(limit, (value, value)),  # noqa: B023
                        user=NOBODY if name == "RLIMIT_NPROC" else None)
            # 127: the system could not even load the program's libraries.
            if ended.code not in (0, 127) and "error while loading shared libraries" not in ended.errors:
                expect_refused(ended)
            said.append(ended.code)
            if not compare and (out / "checkpoint.safetensors").exists():
                command = ["train", "--resume", out]
            again = run(command)
            expect(again.code == 0, name, value, "without the limit:", again)
    return f"{len(said)} runs, {sum(code == 0 for code in said)} of which worked"


def odd_files(work):
    """What is no file, or not the file that is meant, is refused, wherever a file is named."""
    place = work / "odd"
    place.mkdir()
    os.mkfifo(place / "fifo")
    (place / "zero").symlink_to("/dev/zero")
    (place / "folder").mkdir()
    (place / "empty").write_bytes(b"")
    (place / "dangling").symlink_to(place / "nothing")
    (place / "itself").symlink_to(place / "itself")
    (place / "noise").write_bytes(random.Random(3).randbytes(5000))
    (place / "text").write_text("[" * 100_000, encoding="ascii")
    data = work / "data"
    refused = 0

    def memory():
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))

    for odd in sorted(place.iterdir()):
        run_folder = work / f"run-{odd.name}"
        run_folder.mkdir()
        (run_folder / "checkpoint.safetensors").symlink_to(odd)
        data_folder = work / f"data-{odd.name}"
        shutil.copytree(data, data_folder)
        (data_folder / "train-images-idx3-ubyte").unlink()
        (data_folder / "train-images-idx3-ubyte").symlink_to(odd)
        study = work / f"study-{odd.name}"
        study.mkdir()
        (study / "study.sqlite").symlink_to(odd)
        for command in (["report", odd, "-o", work / "page.html"], ["report", study, "-o", work / "page.html"],
                        ["train", "--resume", run_folder], ["train", "--data", f"idx:{data_folder}", "--epochs", 1],
                        ["replay", odd], ["identify", odd], [*compare_flags(work, study, 1)]):
            ended = run(command, prepare=memory, seconds=60)
            expect_refused(ended)
            expect(len(ended.errors) < 3000, "repeats what it read:", ended)
            refused += 1
    return f"{refused} refused"


def archive_bombs(work):
    """Archives that are much larger than they look, or than they say."""
    refused = 0
    zeros = bytes(1 << 20)
    shape = (600, 12, 12)
    bombs = {
        "more than it says": lambda file: [file.write(idx(shape, zeros)) for _ in range(400)],
        "says 2^32 images": lambda file: file.write(idx((2**32 - 1, 12, 12), zeros)),
        "says large images": lambda file: file.write(idx((600, 2**31, 2**31), zeros)),
        "never an end": lambda file: [file.write(zeros) for _ in range(400)],
    }
    for name, write in bombs.items():
        for part in "train-images-idx3-ubyte", "train-labels-idx1-ubyte":
            folder = work / f"bomb{refused}"
            shutil.copytree(work / "data", folder)
            (folder / part).unlink()
            with gzip.open(folder / f"{part}.gz", "wb", compresslevel=1) as file:
                write(file)

            def memory():
                resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))

            ended = run(["train", "--data", f"idx:{folder}", "--epochs", 1], prepare=memory, seconds=60)
            expect(ended.code in (1, 2), name, part, ended)
            expect_refused(ended, part)
            refused += 1
            shutil.rmtree(folder)
    return f"{refused} refused"


def signals(work):
    """Interrupted at any moment, it ends with 130 and goes on; a lost reader or a limit loses nothing."""
    ends = {}
    for i in range(times(40)):
        number = (signal.SIGINT, signal.SIGTERM)[i % 2]
        out = work / "out"
        command = compare_flags(work, out, 4) if i % 4 < 2 else [*train_flags(work, 4000), "--out", out]
        process = start(command)
        if i % 3:  # past the system's loading of the program, which may take long
            until(process, lambda: (out / "study.sqlite").exists())  # noqa: B023
        ended = kill_after(process, chance.uniform(0, 1.5), number)
        ends[ended.code] = ends.get(ended.code, 0) + 1
        # The signal itself: the system was still loading the program.
        expect(ended.code in ((0, 130) if i % 3 else (0, 130, -number)), ended)
        shutil.rmtree(out, ignore_errors=True)
    command = [*train_flags(work, 100000), "--out", work / "twice"]
    process = start(command)
    expect(until(process, (work / "twice" / "checkpoint.safetensors").exists), "ended early")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    ended = wait(process)
    expect(ended.code == 130, "second signal:", ended)
    ended = run(["train", "--resume", work / "twice", "--epochs", 1])
    expect(ended.code in (0, 1), ended)
    ends = ", ".join(f"{code}: {count}" for code, count in sorted(ends.items()))
    return f"exit codes of {times(40)} interrupted commands: {ends}"


def removed_folder(work):
    """A folder that is removed or replaced while it is written is not reported as done."""
    for compare in (False, True):
        for replaced in (False, True):
            out = work / "gone"
            process = start(compare_flags(work, out, 60) if compare else [*train_flags(work, 3000), "--out", out])
            expect(until(process, (out / "study.sqlite").exists), "ended early")
            time.sleep(0.5)
            expect(process.poll() is None, "ended too early to be disturbed")
            out.rename(work / "elsewhere")
            if replaced:
                shutil.copytree(work / "elsewhere", out)
            ended = wait(process)
            expect_refused(ended)
            shutil.rmtree(work / "elsewhere")
            shutil.rmtree(out, ignore_errors=True)
    return "4 folders"


def flipped_bits(work):
    """A bit that changes on the disk is noticed, or means nothing; a comparison trains anew what it hits."""
    out = work / "study"
    expect(run(compare_flags(work, out, 30)).code == 0)
    whole = (out / "study.sqlite").read_bytes()

    def numbers():
        ended = run(["report", out, "-o", work / "page.html", "--csv", work / "csv"])
        return ended, (work / "csv" / "trials.csv").read_text() + (work / "csv" / "epochs.csv").read_text()

    _, before = numbers()
    noticed = 0
    for _ in range(times(40)):
        at = chance.randrange(len(whole))
        damaged = bytearray(whole)
        damaged[at] ^= 1 << chance.randrange(8)
        (out / "study.sqlite").write_bytes(damaged)
        ended, after = numbers()
        if ended.code == 0:
            expect(after == before, "byte", at, "changes numbers unseen")
        else:
            expect_refused(ended, "study.sqlite")
            noticed += 1
    (out / "study.sqlite").write_bytes(whole)
    trial, loss = query(out, "SELECT trial, loss FROM steps ORDER BY random() LIMIT 1")[0]
    at = whole.find(struct.pack(">d", loss))
    damaged = bytearray(whole)
    damaged[at + 7] ^= 16
    (out / "study.sqlite").write_bytes(damaged)
    expect_refused(run(["report", out, "-o", work / "page.html"]), f"trial {trial} is not")
    again = run(compare_flags(work, out, 30))
    expect(again.code == 0 and f"trial {trial} was damaged" in again.errors, again)
    expect(query(out, "SELECT count(*), status FROM trials GROUP BY status") == [(10, "finished")], "not whole")
    return f"{noticed} of {times(40)} flipped bits noticed, the others changed no number"


PARTS = [kill_train, kill_creation, kill_compare, kill_workers, kill_search, kill_tasks, full_disk, two_processes, another_user, limits,
         odd_files, archive_bombs, signals, removed_folder, flipped_bits]


def main():
    global thalweg  # pylint: disable=global-statement
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    thalweg = os.path.abspath(sys.argv[1])
    names = [part.__name__ for part in PARTS]
    if unknown := [name for name in sys.argv[2:] if name not in names]:
        sys.exit(f"{unknown[0]} is none of {' '.join(names)}")
    failed = 0
    for part in PARTS:
        if sys.argv[2:] and part.__name__ not in sys.argv[2:]:
            continue
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="thalweg-abuse-") as folder:
            work = Path(folder)
            make_data(work / "data")
            try:
                done = part(work)
                state, words = ("ok", done) if done is not None else ("left out", "needs root")
            except Wrong as wrong:
                failed += 1
                state, words = "FAILED", str(wrong)
            for process in started:  # of a part that failed
                if process.poll() is None:
                    process.kill()
                    process.communicate()
            started.clear()
        print(f"{state:8} {part.__name__:15} {time.monotonic() - begun:5.0f} s   {words}", flush=True)
    print(f"{failed} parts failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
