"""Golden decisions of support vector machines, contributions of trees, and isolation scores, on
the tables that goldens.py wrote.

Run:  python bench/learn/model_goldens.py crates/engines/learn/tests/goldens

Needs shap 0.51 beside requirements.txt. Writes models.json into that folder.
"""

import csv
import pathlib
import sys

import numpy as np
import shap
from sklearn import ensemble, svm, tree

from goldens import encode, write_json

ROWS = 40


def read(folder, name):
    with open(folder / f"{name}.csv", newline="") as file:
        names = next(csv.reader(file))
        table = np.array([[float(v) for v in row] for row in csv.reader(file)])
    return names[:-1], table[:, :-1], table[:, -1]


def encoded(folder, name):
    names, x, y = read(folder, name)
    return encode(names, x, np.arange(len(y))), y


def machines(folder):
    out = {}
    for name in ("iris", "german"):
        x, y = encoded(folder, name)
        for kernel in ("rbf", "linear"):
            model = svm.SVC(kernel=kernel, C=0.5, tol=1e-8, decision_function_shape="ovo").fit(x, y)
            out[f"{name}_{kernel}"] = {"support": len(model.support_),
                                       "decisions": decisions(model, x)}
    x, y = encoded(folder, "wine")
    for kernel in ("rbf", "linear"):
        model = svm.SVR(kernel=kernel, C=0.5, tol=1e-8).fit(x, y)
        out[f"wine_{kernel}"] = {"support": len(model.support_),
                                 "decisions": [model.predict(x[:ROWS])]}
    return out


def decisions(model, x):
    """By pair of classes; positive for the upper class."""
    found = model.decision_function(x[:ROWS])
    if found.ndim == 1:
        return [found]
    # Three classes: scikit-learn's pairs are (0, 1), (0, 2), (1, 2), positive for the lower one.
    return [-found[:, pair] for pair in range(found.shape[1])]


def contributions(folder):
    """Of a tree that both sides grow alike: one level deeper, columns tie, and scikit-learn's own
    seeds part ways."""
    _, x, y = read(folder, "wine")
    model = tree.DecisionTreeRegressor(max_depth=4, random_state=0).fit(x, y)
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    return {"base": float(np.ravel(explainer.expected_value)[0]),
            "values": explainer.shap_values(x[:ROWS])}


def isolation(folder):
    """Mean scores over seeds; the higher, the more isolated."""
    _, x, _ = read(folder, "wine")
    scores = [-ensemble.IsolationForest(n_estimators=200, random_state=s).fit(x).score_samples(x)
              for s in range(5)]
    return {"scores": np.mean(scores, axis=0)}


def main(folder):
    folder = pathlib.Path(folder)
    write_json(folder / "models.json", {"svm": machines(folder), "tree": contributions(folder),
                                        "isolation": isolation(folder)})


if __name__ == "__main__":
    main(sys.argv[1])
