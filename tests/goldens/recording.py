"""What the recordings of all peers share: start and gradients, option sets, a case's keys, the file."""

import gzip
import itertools
import json
import math
import pathlib

import numpy

HERE = pathlib.Path(__file__).parent
ELEMENTS = 4
RESULTS = ("theta", "state", "ema", "ema_by_step")  # what the peer computed
STEPS = 8  # RAdam rectifies from its step 6 or 7 on
LR_CHANGES = [{}, {4: 0.25}, {3: 0.5, 6: 1.5}]  # factors from these steps on; tells η in the momentum from η outside
SHAPES = [  # of the parameters of a case; matrices both ways round, batches of them, vectors, a single number
    [[3, 5], [4], [1]],
    [[5, 2], [2, 3, 4]],
    [[2, 2, 3, 2], [6, 1], [3]],
    [[4, 4]],
]
MATRICES = [  # the same for peers that factor matrices of so many rows and columns alone
    [[3, 5], [4], [1]],
    [[5, 3], [2, 6]],
    [[4, 4], [2, 2, 2]],
    [[7, 4], [2, 5], [3]],
]
LR_EVERY_STEP = {2: 0.7, 3: 1.3, 4: 0.5, 5: 2.0, 6: 0.9, 7: 0.25, 8: 1.6}


def numbers(seed):
    """Start and gradients: normal, of several sizes, with exact zeros, at the start and later."""
    generator = numpy.random.default_rng(seed)
    start = numpy.round(generator.normal(size=ELEMENTS), 6)
    gradients = numpy.round(generator.normal(size=(STEPS, ELEMENTS)) * [1, 1, 0.05, 8], 6)
    gradients[0:2, 1] = 0
    gradients[4, 0] = 0
    return start, gradients


def table_numbers(seed, shape):
    """Start, gradients and the rows that each step touches: one or two, in step 2 none."""
    generator = numpy.random.default_rng(seed)
    start = numpy.round(generator.normal(size=shape), 6)
    gradients = numpy.zeros((STEPS, *shape))
    touched = []
    for step in range(1, STEPS + 1):
        count = 0 if step == 2 else generator.integers(1, 3)
        rows = sorted(generator.choice(shape[0], count, replace=False).tolist())
        gradients[step - 1, rows] = numpy.round(generator.normal(size=(count, shape[1])), 6)
        touched.append(rows)
    return start.ravel(), gradients.reshape(STEPS, -1), touched


def shaped_numbers(seed, shapes):
    """Start and gradients of parameters with shapes. The last of several begins at 0, and the first has a step without
    gradient; some rows, columns and ends of vectors have none for longer.
    """
    generator = numpy.random.default_rng(seed)
    starts, gradients = [], []
    for i, shape in enumerate(shapes):
        start = generator.normal(size=shape)
        gradient = generator.normal(size=(STEPS, *shape)) * generator.choice([1, 0.05, 8], shape)
        gradient[0:2, ..., -1] = 0
        if len(shape) > 1:
            gradient[3:5, ..., 0, :] = 0
        if len(shapes) > 1:
            start[...] = 0 if i == len(shapes) - 1 else start
            gradient[2] = 0 if i == 0 else gradient[2]
        starts.append(numpy.round(start, 6).ravel())
        gradients.append(numpy.round(gradient, 6).reshape(STEPS, -1))
    return numpy.concatenate(starts), numpy.concatenate(gradients, axis=1)


def start_and_gradients(seed, way):
    if "shapes" in way:
        return shaped_numbers(seed, way["shapes"])
    return table_numbers(seed, way["shape"])[:2] if "shape" in way else numbers(seed)


def of_shapes(shapes):
    """The way of a case whose parameters have these shapes."""
    return {"splits": [math.prod(shape) for shape in shapes], "shapes": shapes}


def combinations(bases, **choices):
    """Every choice with every other; the bases take turns."""
    sets = [dict(zip(choices, values)) for values in itertools.product(*choices.values())]
    return [base | options for base, options in zip(itertools.cycle(bases), sets)]


def in_words(options):
    return ", ".join(f"{k}={v}" for k, v in options.items())


def thalweg_text(rule, options):
    def number(value):
        return str(value).lower() if isinstance(value, bool) else repr(float(value))

    return f"{rule}:" + ",".join(f"{k}={number(v)}" for k, v in options.items())


def values(array):
    return numpy.asarray(array, dtype=numpy.float64).ravel().tolist()


def lr_schedule(lr, changes):
    return [[1, lr]] + [[step, lr * factor] for step, factor in changes.items()]


def is_averaged(case, step):
    """Does the average take in the parameters after this step?"""
    average = case["average"]
    return step >= average["start"] and (step - average["start"]) % average["every"] == 0


def split(case, array):
    """The array's parts, one for each parameter."""
    return numpy.split(numpy.asarray(array), numpy.cumsum(case.get("splits", []))[:-1])


def parts(case, array):
    """The same, each in its parameter's shape."""
    flat = split(case, array)
    return [part.reshape(shape) for part, shape in zip(flat, case.get("shapes", [case.get("shape", -1)] * len(flat)))]


def way_in_words(way):
    """What is not the ordinary way of a run: `dtype`, `splits`, `shapes`, `shape`, `clip`, `average`."""
    words = [way["dtype"]] if "dtype" in way else []
    if "shapes" in way:
        words.append("parameters of " + " and ".join("×".join(map(str, shape)) for shape in way["shapes"]))
    elif "splits" in way:
        words.append("parameters of " + " and ".join(map(str, way["splits"])))
    if "shape" in way:
        words.append("rows of a table")
    if "clip" in way:
        words.append(f"clipped by {way['clip']['by']} to {way['clip']['limit']}")
    if "average" in way:
        average = way["average"]
        words.append(" ".join(str(average[key]) for key in ("kind", "decay") if key in average))
        words[-1] += f" from {average['start']} on" + (f", every {average['every']}" if average["every"] > 1 else "")
    return "".join(f", {word}" for word in words)


def new_case(peer, version, name, called_with, options, thalweg, seed, *, changes, shared, way={}, **others):
    """A case without its results. `name`: the peer's class or function; `thalweg`: rule and its options."""
    rule, thalweg_options = thalweg
    start, gradients = start_and_gradients(seed, way)
    case = {"id": f"{peer} {name}({in_words(called_with)})", "peer": peer, "peer_version": version, "rule": rule}
    if changes:
        at_steps = "every step" if len(changes) == STEPS - 1 else " and ".join(map(str, changes))
        case["id"] += f", lr changes at {at_steps}"
    case["id"] += way_in_words(way)
    if name.lower() != rule:
        case["peer_name"] = name
    case |= {"thalweg": thalweg_text(rule, thalweg_options)}
    case |= {"thalweg_step_count": "shared" if shared else "per_parameter"}
    case |= {"options": options, "dtype": "float64"}
    if changes:
        case["lr_schedule"] = lr_schedule(thalweg_options["lr"], changes)
    needs = [need for key, need in (("clip", "clip"), ("average", "ema")) if key in way] + others.pop("needs", [])
    case |= ({"needs": needs} if needs else {}) | others | way
    if "shape" in way:
        case["sparse_rows"] = table_numbers(seed, way["shape"])[2]
    if case["dtype"] == "float32":
        start, gradients = numpy.float32(start), numpy.float32(gradients)
    return case | {"theta0": values(start), "grads": [values(gradient) for gradient in gradients],
                   "theta": {}, "state": {}}


def record_average(case, step, values):
    """Notes the averaged parameters after this step, if there is an average by then."""
    if step >= case["average"]["start"]:
        case.setdefault("ema_by_step", {})[str(step)] = case["ema"] = values


def lr_at(case, step):
    """The learning rate that begins at this step, or None."""
    return dict(case.get("lr_schedule", [])).get(step)


def is_same_run(one, other):
    """Are these one case, whatever its numbers?"""
    one, other = ({k: v for k, v in json.loads(json.dumps(case)).items() if k not in RESULTS} for case in (one, other))
    return one == other


def write(peer, cases, keep):
    """Writes PEER.json.gz. With `keep` a case that is there already keeps its numbers."""
    assert len({case["id"] for case in cases}) == len(cases), "an id is there twice"
    path = HERE / f"{peer}.json.gz"
    if keep and path.exists():
        before = {case["id"]: case for case in json.loads(gzip.open(path).read())}
        cases = [before[case["id"]] if is_same_run(case, before.get(case["id"], {})) else case for case in cases]
    lines = ",\n".join(json.dumps(case, allow_nan=False, separators=(",", ":")) for case in cases)
    with open(path, "wb") as file:
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as zipped:
            zipped.write(f"[\n{lines}\n]\n".encode())
    rules = {}
    for case in cases:
        rules[case["rule"]] = rules.get(case["rule"], 0) + 1
    print(f"{peer}: {len(cases)} cases ({', '.join(f'{n} {rule}' for rule, n in sorted(rules.items()))})")
