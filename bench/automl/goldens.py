"""Golden scores for crates/engines/automl, made with scikit-learn.

Run:  python bench/automl/goldens.py EXAMPLES OUT
EXAMPLES  the folder examples/ of the repository
OUT       crates/engines/automl/src/train/goldens.json

`--measure TABLE TARGET TASK SEEDS` prints the same for one table, for the command `baselines`.

For each table: the fold of every row, and the scores of scikit-learn's pipelines on those folds
with the preprocessing that one would write for them: for linear models the median or the most
frequent value in gaps, standardised numbers and one column per label; for forests the same filling
and ordinal codes. Forests are the mean over seeds. Made with the versions in requirements.txt.
"""

import csv
import json
import pathlib
import sys

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score, root_mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

TABLES = [
    ("german_credit.csv", "risk", "binary"),
    ("titanic.csv", "survived", "binary"),
    ("iris.csv", "species", "multiclass"),
    ("wine_quality_white.csv", "quality", "regression"),
]
FOLDS = 5
FOREST_SEEDS = 3


def read_table(path, target):
    """Columns of numbers and of labels (None where missing), and the target's cells."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    numbers, labels = [], []
    for name in [name for name in rows[0] if name != target]:
        cells = [row[name].strip() for row in rows]
        try:
            numbers.append([float(cell) if cell else np.nan for cell in cells])
        except ValueError:
            labels.append([cell if cell else None for cell in cells])
    x = np.empty((len(rows), len(numbers) + len(labels)), dtype=object)
    for place, column in enumerate(numbers + labels):
        x[:, place] = column
    return x, len(numbers), np.array([row[target] for row in rows])


def prepare(numbers, width, linear):
    """The columns' treatment, by position: numbers first."""
    fill_label = SimpleImputer(strategy="most_frequent", missing_values=None)
    if linear:
        number = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        label = make_pipeline(fill_label, OneHotEncoder(handle_unknown="ignore"))
    else:
        number = SimpleImputer(strategy="median")
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        label = make_pipeline(fill_label, codes)
    parts = [("numbers", number, list(range(numbers)))]
    if numbers < width:
        parts.append(("labels", label, list(range(numbers, width))))
    return ColumnTransformer(parts, sparse_threshold=0.0)


def learners(task, seeds):
    """Name, whether it is linear, and one learner for each seed."""
    if task == "regression":
        forest = RandomForestRegressor
        yield "linear_regression", True, [LinearRegression()]
    else:
        forest = RandomForestClassifier
        yield "logistic_regression", True, [LogisticRegression(max_iter=1000)]
    yield "random_forest", False, [forest(random_state=s, n_jobs=-1) for s in range(seeds)]


def score(task, model, x, y):
    if task == "regression":
        predicted = model.predict(x)
        return {"rmse": root_mean_squared_error(y, predicted), "r2": r2_score(y, predicted)}
    probability = model.predict_proba(x)
    scores = {
        "accuracy": accuracy_score(y, model.predict(x)),
        "log_loss": log_loss(y, probability, labels=model.classes_),
    }
    if task == "binary":
        scores["roc_auc"] = roc_auc_score(y == model.classes_[1], probability[:, 1])
    else:
        scores["roc_auc"] = roc_auc_score(y, probability, multi_class="ovr", average="macro")
    return scores


def mean(results):
    return {name: float(np.mean([r[name] for r in results])) for name in results[0]}


def measure(path, target, task, seeds=FOREST_SEEDS):
    x, numbers, cells = read_table(path, target)
    y = cells.astype(float) if task == "regression" else cells
    kind = KFold if task == "regression" else StratifiedKFold
    splits = list(kind(FOLDS, shuffle=True, random_state=0).split(x, y))
    fold = np.zeros(len(y), dtype=int)
    for number, (_, test) in enumerate(splits):
        fold[test] = number
    scores = {}
    for name, linear, models in learners(task, seeds):
        results = []
        for model in models:
            for train, test in splits:
                pipeline = make_pipeline(prepare(numbers, x.shape[1], linear), model)
                pipeline.fit(x[train], y[train])
                results.append(score(task, pipeline, x[test], y[test]))
        scores[name] = mean(results)
    return {"file": path.name, "target": target, "folds": "".join(map(str, fold)), "scores": scores}


def main():
    if sys.argv[1] == "--measure":
        path, target, task, seeds = sys.argv[2:]
        print(json.dumps(measure(pathlib.Path(path), target, task, int(seeds))))
        return
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    goldens = [measure(folder / file, target, task) for file, target, task in TABLES]
    out.write_text(json.dumps(goldens, indent=1) + "\n")


if __name__ == "__main__":
    main()
