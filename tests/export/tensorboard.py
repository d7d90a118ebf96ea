#!/usr/bin/env python3
"""TensorBoard shows what thalweg's event files hold: tensorboard.py THALWEG

Trains a run that never stops and one that is cut off and goes on, serves both with TensorBoard, and compares what its
plugins answer with what `thalweg train --json` said. Needs tensorboard (scripts/python_with.sh).
"""

import json
import math
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

TRAIN = ["train", "--model", "mlp", "--data", "make:spirals,rows=600", "--schedule", "constant", "--batch", "16",
         "--threads", "1", "--epochs", "4", "--json"]
failures = 0


def check(what, holds, seen):
    global failures
    if not holds:
        failures += 1
        print(f"{what}: {seen!r}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


class Server:
    """A TensorBoard on a folder; `fast` with the loader that it uses by default."""

    def __init__(self, folder, fast):
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", "--logdir", folder, "--port", str(self.port),
             "--load_fast", "true" if fast else "false"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, path, post=None, **query):
        url = f"http://localhost:{self.port}/data/{path}?{urllib.parse.urlencode(query)}"
        data = None if post is None else json.dumps(post).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def wait_for(self, runs):
        for _ in range(120):
            try:
                if sorted(self.ask("runs")) == runs and len(self.ask("plugin/scalars/tags")) == len(runs):
                    return
            except OSError:
                pass
            time.sleep(0.5)
        raise SystemExit("TensorBoard does not show the runs")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def compare(server, result):
    server.wait_for(["cut", "whole"])
    curves = {}
    for run in ("whole", "cut"):
        for tag, values in (("accuracy/validation", [record["validation"]["accuracy"] for record in result["records"]]),
                            ("loss/train", [record["train"]["loss"] for record in result["records"]]),
                            ("accuracy/test", [result["test"]["accuracy"]])):
            points = server.ask("plugin/scalars/scalars", run=run, tag=tag)
            check(f"{run} {tag}", len(points) == len(values) and
                  all(math.isclose(point[2], value, rel_tol=1e-6) for point, value in zip(points, values)), points)
        norms = server.ask("plugin/scalars/scalars", run=run, tag="gradient_norm/output.weight")
        histograms = server.ask("plugin/histograms/histograms", run=run, tag="gradient/output.weight")
        check(f"{run} histograms", [point[1] for point in norms] == [point[1] for point in histograms] and
              all(sum(bucket[2] for bucket in point[2]) == 256 for point in histograms), histograms[:1])
        text = server.ask("plugin/text/text", run=run, tag="config/text_summary")
        check(f"{run} text", "optimizer = " in text[0]["text"], text)
        curves[run] = [point[1:] for point in norms], [point[1:] for point in histograms]
    check("cut and whole", curves["cut"] == curves["whole"], curves)
    groups = server.ask("plugin/hparams/session_groups", post={
        "experimentName": "", "colParams": [], "startIndex": 0, "sliceSize": 10,
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]})["sessionGroups"]
    check("hyper-parameters", sorted(group["name"] for group in groups) == ["cut", "whole"] and
          all(group["hparams"]["batch"] == 16 and group["sessions"][0]["status"] == "STATUS_SUCCESS"
              for group in groups), groups)


def main():
    thalweg = str(pathlib.Path(sys.argv[1]).resolve())

    def run(*arguments):
        return json.loads(subprocess.run([thalweg, *arguments], check=True, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL).stdout)

    with tempfile.TemporaryDirectory() as folder:
        result = run(*TRAIN, "--tensorboard", f"{folder}/events/whole")
        run(*TRAIN, "--steps", "41", "--tensorboard", f"{folder}/events/cut", "--out", f"{folder}/run")
        run("train", "--resume", f"{folder}/run", "--steps", "100000", "--json")
        for fast in (True, False):
            server = Server(f"{folder}/events", fast)
            try:
                compare(server, result)
            finally:
                server.stop()
    print("TensorBoard shows something else" if failures else "TensorBoard shows both runs as thalweg told them")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
