"""Matrix factorizations of ratings and of choices; for onnx.py."""

import csv

import numpy

from onnx_runs import compare, train

random = numpy.random.default_rng(2)


def feed_of_ratings(model, file):
    """Codes of users and items; 0 is who or what the training part does not have."""
    schema, known = model.training["dataset"]["schema"], model.training["scaling"]["known"]
    code_of = [{name: code for code, name in enumerate(schema[key], 1) if code in of_training}
               for key, of_training in zip(("users", "items"), known)]
    with open(file, newline="") as stream:
        pairs = [(row["user"], row["item"]) for row in csv.DictReader(stream)]
    return {"codes": numpy.array([[codes.get(name, 0) for codes, name in zip(code_of, pair)] for pair in pairs])}


def ratings(comparisons):
    """Users and items of a table; some are strange to the training, or to the table as a whole."""
    users, items = [f"user {i}" for i in range(40)], [f"film {i}" for i in range(25)]
    tastes = random.normal(size=(len(users), 2)) @ random.normal(size=(2, len(items)))
    with open("ratings.csv", "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user", "item", "rating"])
        for place in random.permutation(len(users) * len(items))[:400]:
            user, item = divmod(int(place), len(items))
            writer.writerow([users[user], items[item], f"{30 + 4 * tastes[user, item] + random.normal():.3f}"])
        # The drawn test part has some of those who are there once.
        writer.writerows([f"guest {i}", items[i % 5], 30 + i % 7] for i in range(30))
    with open("new_ratings.csv", "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user", "item", "rating"])
        who, what = [*users[:9], "guest 3", "guest 8", "nobody"], [*items[:6], "nothing"]
        writer.writerows([user, item, 30] for user in who for item in what)
    for name, *flags in [("factorization",), ("factorization three", "--factors", "3"),
                         ("factorization guests", "--split", "random", "--test-fraction", "0.5"),
                         ("factorization bpr", "--implicit", "bpr", "--factors", "7"),
                         ("factorization softmax", "--implicit", "softmax")]:
        run, model = train(comparisons, name, "--data", "ratings:ratings.csv", *flags)
        comparisons.check(f"{name}: inputs {model.inputs}", model.inputs == {"codes": ["n", 2]})
        feed = feed_of_ratings(model, "new_ratings.csv")
        is_known = feed["codes"] > 0
        comparisons.check(f"{name}: both are known at times", is_known.any(axis=0).all() and not is_known.all(axis=0).any())
        compare(comparisons, name, run, model, feed, "--data", "ratings:new_ratings.csv")
