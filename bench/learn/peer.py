"""One peer on one table: fits, scores, and prints what it cost, as one line of JSON.

peer.py LEARNER TASK TRAIN.csv TEST.csv THREADS, as crates/engines/learn/examples/learn_bench.rs.
"""

import csv
import json
import sys
import time

import numpy as np


def read(path):
    with open(path, newline="") as file:
        names = next(csv.reader(file))
    table = np.genfromtxt(path, delimiter=",", skip_header=1)
    return names[:-1], table[:, :-1], table[:, -1]


def make(learner, task, threads):
    """The peer's model at its defaults."""
    classes = task != "regression"
    if learner == "boosting":
        import lightgbm
        kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
        return kind(n_estimators=100, num_leaves=31, n_jobs=threads, verbose=-1)
    from sklearn import ensemble, linear_model, naive_bayes, neighbors
    return {
        "forest": lambda: (ensemble.RandomForestClassifier if classes
                           else ensemble.RandomForestRegressor)(n_jobs=threads),
        "extra_trees": lambda: (ensemble.ExtraTreesClassifier if classes
                                else ensemble.ExtraTreesRegressor)(n_jobs=threads),
        "logistic": lambda: linear_model.LogisticRegression(max_iter=10_000),
        "gaussian_bayes": naive_bayes.GaussianNB,
        "neighbors": lambda: (neighbors.KNeighborsClassifier if classes
                              else neighbors.KNeighborsRegressor)(n_jobs=threads),
        "linear": linear_model.LinearRegression,
        "elastic_net": lambda: linear_model.ElasticNet(alpha=0.01),
    }[learner]()


def main(learner, task, train, test, threads):
    from sklearn import metrics
    names, x, y = read(train)
    _, x_test, truth = read(test)
    model = make(learner, task, int(threads))
    options = {}
    if learner == "boosting":
        categories = [j for j, name in enumerate(names) if name.endswith(":category")]
        options = {"categorical_feature": categories or "auto"}
    cpu, wall = time.process_time(), time.perf_counter()
    model.fit(x, y if task == "regression" else y.astype(int), **options)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    before = time.process_time()
    if task == "regression":
        p = model.predict(x_test)
        predict_cpu = time.process_time() - before
        score = metrics.root_mean_squared_error(truth, p)
    else:
        p = model.predict_proba(x_test)
        predict_cpu = time.process_time() - before
        two = p.shape[1] == 2
        score = metrics.roc_auc_score(truth, p[:, 1] if two else p, multi_class="ovr")
    print(json.dumps({"score": float(score), "cpu_s": cpu, "wall_s": wall,
                      "predict_cpu_s": predict_cpu}))


if __name__ == "__main__":
    main(*sys.argv[1:])
