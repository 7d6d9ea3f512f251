"""Tables of the bench: reading, splitting, scoring, in plain Python, so that every side gets the
same bytes and the same ruler."""

import csv
import math
import random

MISSING = {"", "NA", "NaN", "nan", "?"}
# Fewer different targets than this are classes.
MAX_CLASSES = 7


def read(path, target):
    """Header and rows that have a target."""
    with open(path, newline="") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if row[target] not in MISSING]
        return reader.fieldnames, rows


def task_of(rows, target):
    values = {row[target] for row in rows}
    if len(values) == 2:
        return "binary"
    return "multiclass" if len(values) < MAX_CLASSES else "regression"


def metric_of(task):
    return {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[task]


def split(rows, target, task, seed):
    """Three quarters to learn from, one to score; classes evenly on both sides."""
    rng = random.Random(seed)
    groups = {}
    for row in rows:
        groups.setdefault(row[target] if task != "regression" else "", []).append(row)
    train, test = [], []
    for _, members in sorted(groups.items()):
        members = members[:]
        rng.shuffle(members)
        cut = round(0.75 * len(members))
        train += members[:cut]
        test += members[cut:]
    rng.shuffle(train)
    rng.shuffle(test)
    return train, test


def write(path, names, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def read_predictions(path, task):
    """What Gantry and its peers write: numbers, or a probability for each class."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    if task == "regression":
        return [float(row["prediction"]) for row in rows]
    return [{name.removeprefix("probability_"): float(value) for name, value in row.items()
             if name != "prediction"} for row in rows]


def auc(truth, scores):
    """Area under the ROC curve; equal scores share their rank."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks = [0.0] * len(scores)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and scores[order[end + 1]] == scores[order[start]]:
            end += 1
        for place in range(start, end + 1):
            ranks[order[place]] = (start + end) / 2 + 1
        start = end + 1
    positive = sum(truth)
    found = sum(rank for rank, hit in zip(ranks, truth) if hit)
    return (found - positive * (positive + 1) / 2) / (positive * (len(truth) - positive))


def score(metric, truth, predicted, positive=None):
    """`predicted`: probabilities of `positive`, lists of (label, probability), or numbers."""
    if metric == "roc_auc":
        return auc([value == positive for value in truth], predicted)
    if metric == "log_loss":
        clipped = [min(max(row.get(value, 0.0), 1e-15), 1.0) for value, row in zip(truth, predicted)]
        return -sum(map(math.log, clipped)) / len(clipped)
    errors = [(float(value) - guess) ** 2 for value, guess in zip(truth, predicted)]
    return math.sqrt(sum(errors) / len(errors))
