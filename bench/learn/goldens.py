"""Golden numbers for crates/engines/learn, made with scikit-learn and LightGBM.

Run:  python bench/learn/goldens.py DATA OUT
DATA  folder with iris.csv, german_credit.csv and wine_quality_white.csv
OUT   crates/engines/learn/tests/goldens

Writes the tables as numbers (categories as codes), the folds, and the scores of the peers on
those folds, so that the Rust tests need no Python. Made with the versions in requirements.txt.

Sources: Iris (R. A. Fisher, UCI), German Credit (H. Hofmann, UCI), Wine Quality (P. Cortez et al.,
UCI); all CC BY 4.0. Of the wines every third row is kept.
"""

import csv
import json
import pathlib
import sys

import lightgbm
import numpy as np
from sklearn import cluster, decomposition, ensemble, linear_model, metrics
from sklearn import naive_bayes, neighbors, neural_network, svm, tree
from sklearn.model_selection import KFold, StratifiedKFold

FOLDS = 5
SEEDS = range(3)


def read_table(path, target, task, step=1):
    """Columns as numbers, names marked `:category`; the target last."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))[::step]
    columns, names = [], []
    for name in [n for n in rows[0] if n != target]:
        raw = [row[name] for row in rows]
        try:
            columns.append([float(v) for v in raw])
            names.append(name)
        except ValueError:
            levels = sorted(set(raw))
            columns.append([float(levels.index(v)) for v in raw])
            names.append(name + ":category")
    raw = [row[target] for row in rows]
    if task == "regression":
        y = np.array([float(v) for v in raw])
    else:
        levels = sorted(set(raw))
        y = np.array([levels.index(v) for v in raw])
    return names, np.array(columns).T, y


def write_table(path, names, x, y):
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(names + ["target"])
        for row, target in zip(x, y):
            out.writerow([f"{v:.10g}" for v in row] + [f"{target:.10g}"])


def encode(names, x, train):
    """One-hot for categories (all levels), then standardised by the training rows."""
    columns = []
    for j, name in enumerate(names):
        if name.endswith(":category"):
            for level in range(int(x[:, j].max()) + 1):
                columns.append((x[:, j] == level).astype(float))
        else:
            columns.append(x[:, j])
    out = np.array(columns).T
    mean, deviation = out[train].mean(axis=0), out[train].std(axis=0)
    deviation[deviation == 0] = 1.0
    return (out - mean) / deviation


def classifier_scores(y, p):
    labels = p.argmax(axis=1)
    auc = metrics.roc_auc_score(y, p[:, 1]) if p.shape[1] == 2 else metrics.roc_auc_score(
        y, p, multi_class="ovr")
    loss = metrics.log_loss(y, p, labels=range(p.shape[1]))
    return {"accuracy": metrics.accuracy_score(y, labels), "auc": auc, "log_loss": loss}


def regressor_scores(y, p):
    return {"rmse": metrics.root_mean_squared_error(y, p), "mae": metrics.mean_absolute_error(y, p),
            "r2": metrics.r2_score(y, p)}


def mean_of(scores):
    return {key: float(np.mean([s[key] for s in scores])) for key in scores[0]}


def cross_validate(key, learner, task, data, folds):
    """Mean scores over folds and seeds."""
    names, x, y = data
    encoded, make = learner
    categories = [j for j, name in enumerate(names) if name.endswith(":category")]
    options = {"categorical_feature": categories} if key == "boosting_categories" else {}
    scores = []
    for train, test in folds:
        table = encode(names, x, train) if encoded else x
        for seed in SEEDS:
            model = make(seed).fit(table[train], y[train], **options)
            if task == "regression":
                scores.append(regressor_scores(y[test], model.predict(table[test])))
            else:
                scores.append(classifier_scores(y[test], model.predict_proba(table[test])))
    return mean_of(scores)


CLASSIFIERS = {
    "logistic": (True, lambda s: linear_model.LogisticRegression(max_iter=10_000, tol=1e-8)),
    "logistic_l1": (True, lambda s: linear_model.LogisticRegression(
        l1_ratio=1.0, C=0.1, solver="saga", max_iter=20_000, tol=1e-7)),
    "forest": (False, lambda s: ensemble.RandomForestClassifier(random_state=s)),
    "extra_trees": (False, lambda s: ensemble.ExtraTreesClassifier(random_state=s)),
    "boosting": (False, lambda s: lightgbm.LGBMClassifier(random_state=s, verbose=-1)),
    "boosting_categories": (False, lambda s: lightgbm.LGBMClassifier(random_state=s, verbose=-1)),
    "neighbors": (True, lambda s: neighbors.KNeighborsClassifier(n_neighbors=7)),
    "neighbors_distance": (True, lambda s: neighbors.KNeighborsClassifier(
        n_neighbors=7, weights="distance")),
    "gaussian_bayes": (True, lambda s: naive_bayes.GaussianNB()),
    "multinomial_bayes": (False, lambda s: naive_bayes.MultinomialNB()),
    "bernoulli_bayes": (True, lambda s: naive_bayes.BernoulliNB()),
    "mlp": (True, lambda s: neural_network.MLPClassifier(
        hidden_layer_sizes=(64,), early_stopping=True, max_iter=200, random_state=s)),
    "svm": (True, lambda s: svm.SVC(probability=True, random_state=s)),
}
REGRESSORS = {
    "linear": (True, lambda s: linear_model.LinearRegression()),
    "ridge": (True, lambda s: linear_model.Ridge(alpha=1.0)),
    "elastic_net": (True, lambda s: linear_model.ElasticNet(alpha=0.05, l1_ratio=0.5, tol=1e-10,
                                                            max_iter=100_000)),
    "forest": (False, lambda s: ensemble.RandomForestRegressor(random_state=s)),
    "extra_trees": (False, lambda s: ensemble.ExtraTreesRegressor(random_state=s)),
    "boosting": (False, lambda s: lightgbm.LGBMRegressor(random_state=s, verbose=-1)),
    "neighbors": (True, lambda s: neighbors.KNeighborsRegressor(n_neighbors=7)),
    "neighbors_distance": (True, lambda s: neighbors.KNeighborsRegressor(
        n_neighbors=7, weights="distance")),
    "mlp": (True, lambda s: neural_network.MLPRegressor(
        hidden_layer_sizes=(64,), early_stopping=True, max_iter=200, random_state=s)),
    "svm": (True, lambda s: svm.SVR()),
}


def coefficients(name, data):
    """Coefficients on all rows, encoded, where they are unique."""
    names, x, y = data
    table = encode(names, x, np.arange(len(y)))
    if name == "wine":
        fits = {"linear": linear_model.LinearRegression(), "ridge": linear_model.Ridge(alpha=10.0),
                "lasso": linear_model.Lasso(alpha=0.01, tol=1e-12, max_iter=100_000),
                "elastic_net": linear_model.ElasticNet(alpha=0.05, l1_ratio=0.5, tol=1e-12,
                                                       max_iter=100_000)}
    else:
        fits = {"logistic": linear_model.LogisticRegression(max_iter=100_000, tol=1e-10),
                "logistic_l1": linear_model.LogisticRegression(
                    l1_ratio=1.0, C=0.1, solver="saga", max_iter=100_000, tol=1e-9)}
    out = {}
    for key, model in fits.items():
        model.fit(table, y)
        out[key] = {"coefficients": np.atleast_2d(model.coef_).tolist(),
                    "intercepts": np.atleast_1d(model.intercept_).tolist()}
    return out


def tree_errors(data):
    """Error of trees of depth 1 to 6 on their own training rows."""
    names, x, y = data
    models = [tree.DecisionTreeRegressor(max_depth=d, random_state=0).fit(x, y) for d in range(1, 7)]
    return [metrics.root_mean_squared_error(y, m.predict(x)) for m in models]


def unsupervised(data):
    names, x, y = data
    table = encode(names, x, np.arange(len(y)))
    out = {"kmeans": {}}
    for k in (2, 3, 4):
        model = cluster.KMeans(k, n_init=20, random_state=0).fit(table)
        out["kmeans"][str(k)] = {"inertia": model.inertia_,
                                 "silhouette": metrics.silhouette_score(table, model.labels_)}
    pca = decomposition.PCA().fit(table)
    out["pca"] = {"variance": pca.explained_variance_.tolist(),
                  "ratio": pca.explained_variance_ratio_.tolist(),
                  "components": pca.components_.tolist()}
    labels = cluster.DBSCAN(eps=0.6, min_samples=5).fit_predict(table)
    out["dbscan"] = labels.tolist()
    return out


def classification_metrics():
    rng = np.random.default_rng(7)
    rows = 60
    truth = rng.integers(0, 2, rows)
    score = np.round(np.clip(0.25 * truth + rng.random(rows) * 0.75, 0, 1), 1)
    weights = np.round(rng.random(rows) * 3, 2)
    many = rng.integers(0, 4, rows)
    p = np.round(rng.dirichlet(np.ones(4), rows) + np.eye(4)[many] * 0.5, 3)
    p /= p.sum(axis=1, keepdims=True)
    predicted, guesses = (score >= 0.5).astype(int), p.argmax(axis=1)
    out = {"truth": truth, "score": score, "weights": weights, "many": many, "probability": p,
           "plain": {}, "weighted": {}}
    for key, w in (("plain", None), ("weighted", weights)):
        fpr, tpr, _ = metrics.roc_curve(truth, score, sample_weight=w)
        precision, recall, _ = metrics.precision_recall_curve(truth, score, sample_weight=w)
        one = {"sample_weight": w}
        out[key] = {
            "accuracy": metrics.accuracy_score(many, guesses, **one),
            "balanced_accuracy": metrics.balanced_accuracy_score(many, guesses, **one),
            "matthews": metrics.matthews_corrcoef(many, guesses, **one),
            "roc_auc": metrics.roc_auc_score(truth, score, **one),
            "roc_auc_ovr": metrics.roc_auc_score(many, p, multi_class="ovr", **one)
            if w is None else None,
            "average_precision": metrics.average_precision_score(truth, score, **one),
            "log_loss": metrics.log_loss(many, p, **one),
            "brier": metrics.brier_score_loss(truth, score, **one),
            "brier_many": metrics.brier_score_loss(many, p, **one),
            "confusion": metrics.confusion_matrix(many, guesses, **one),
            "fpr": fpr, "tpr": tpr, "precision_curve": precision[::-1], "recall_curve": recall[::-1],
        }
        for average in ("binary", "macro", "weighted"):
            a, b = (truth, predicted) if average == "binary" else (many, guesses)
            for name in ("precision", "recall", "f1"):
                score_of = getattr(metrics, name + "_score")
                out[key][f"{name}_{average}"] = score_of(
                    a, b, average=average, zero_division=0, **one)
    return out


def regression_metrics():
    rng = np.random.default_rng(8)
    truth = np.round(rng.normal(3, 2, 50), 2)
    predicted = np.round(truth + rng.normal(0.2, 1, 50), 2)
    weights = np.round(rng.random(50) * 3, 2)
    out = {"truth": truth, "predicted": predicted, "weights": weights}
    for key, w in (("plain", None), ("weighted", weights)):
        one = {"sample_weight": w}
        out[key] = {
            "rmse": metrics.root_mean_squared_error(truth, predicted, **one),
            "mae": metrics.mean_absolute_error(truth, predicted, **one),
            "r2": metrics.r2_score(truth, predicted, **one),
            "mape": metrics.mean_absolute_percentage_error(truth, predicted, **one),
            "explained_variance": metrics.explained_variance_score(truth, predicted, **one),
            "pinball": metrics.mean_pinball_loss(truth, predicted, alpha=0.3, **one),
        }
    out["plain"]["median_absolute_error"] = metrics.median_absolute_error(truth, predicted)
    return out


def plain(value):
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.10g}")
    return int(value) if isinstance(value, np.integer) else value


def write_json(path, value):
    path.write_text(json.dumps(plain(value), separators=(",", ":")) + "\n")


def main(data_folder, out_folder):
    data_folder, out_folder = pathlib.Path(data_folder), pathlib.Path(out_folder)
    tables = {"iris": ("iris.csv", "species", "classification", 1),
              "german": ("german_credit.csv", "risk", "classification", 1),
              "wine": ("wine_quality_white.csv", "quality", "regression", 3)}
    for name, (file, target, task, step) in tables.items():
        data = read_table(data_folder / file, target, task, step)
        write_table(out_folder / f"{name}.csv", *data)
        splitter = KFold if task == "regression" else StratifiedKFold
        folds = list(splitter(FOLDS, shuffle=True, random_state=0).split(data[1], data[2]))
        learners = REGRESSORS if task == "regression" else CLASSIFIERS
        golden = {"folds": [test.tolist() for _, test in folds], "scores": {}}
        for key, learner in learners.items():
            golden["scores"][key] = cross_validate(key, learner, task, data, folds)
            print(name, key, golden["scores"][key], flush=True)
        golden["coefficients"] = coefficients(name, data)
        golden["tree_rmse"] = tree_errors(data) if task == "regression" else []
        golden["unsupervised"] = unsupervised(data) if name == "iris" else None
        write_json(out_folder / f"{name}.json", golden)
    write_json(out_folder / "metrics.json",
               {"classification": classification_metrics(), "regression": regression_metrics()})


if __name__ == "__main__":
    main(*sys.argv[1:])
