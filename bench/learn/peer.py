"""One peer on one table: fits, scores, and prints what it cost, as one line of JSON.

peer.py LEARNER TASK TRAIN.csv TEST.csv THREADS SEED, as crates/engines/learn/examples/learn_bench.rs.
peer.py make FILE.f32 ROWS COLUMNS writes the large table for the task `million`.
"""

import csv
import json
import resource
import sys
import time

import numpy as np


def read(path):
    with open(path, newline="") as file:
        names = next(csv.reader(file))
    table = np.genfromtxt(path, delimiter=",", skip_header=1)
    return names[:-1], table[:, :-1], table[:, -1]


def make(learner, task, threads, seed):
    """The peer's model at its defaults."""
    model = make_unseeded(learner, task, threads)
    if "random_state" in model.get_params():
        model.set_params(random_state=seed)
    return model


def make_unseeded(learner, task, threads):
    classes = task != "regression"
    if learner == "boosting":
        import lightgbm
        kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
        return kind(n_estimators=100, num_leaves=31, n_jobs=threads, verbose=-1)
    from sklearn import ensemble, linear_model, naive_bayes, neighbors, neural_network, svm, tree
    return {
        "tree": tree.DecisionTreeClassifier if classes else tree.DecisionTreeRegressor,
        "svm": lambda: svm.SVC(probability=True) if classes else svm.SVR(),
        "linear_svm": lambda: (svm.SVC(kernel="linear", probability=True) if classes
                               else svm.SVR(kernel="linear")),
        "network": lambda: (neural_network.MLPClassifier if classes else neural_network.MLPRegressor)(
            hidden_layer_sizes=(64,), early_stopping=True),
        "multinomial_bayes": naive_bayes.MultinomialNB,
        "bernoulli_bayes": naive_bayes.BernoulliNB,
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


def report(score, cpu, wall, predict_cpu):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"score": float(score), "cpu_s": cpu, "wall_s": wall,
                      "predict_cpu_s": predict_cpu, "peak_rss_mb": peak}))


class Timed:
    """Processor and wall seconds of a `with` block."""

    def __enter__(self):
        self.before = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *error):
        self.cpu = time.process_time() - self.before[0]
        self.wall = time.perf_counter() - self.before[1]


def group(learner, train, threads, seed):
    """Learners without a target, each with the number that tells whether both did the same."""
    from sklearn import cluster, decomposition, ensemble
    _, x, _ = read(train)
    work = {
        "kmeans": lambda: cluster.KMeans(8, n_init=10, random_state=seed).fit(x).inertia_,
        "dbscan": lambda: np.mean(
            cluster.DBSCAN(eps=2.0, min_samples=5, n_jobs=threads).fit_predict(x) == -1),
        "pca": lambda: decomposition.PCA(2).fit(x).explained_variance_ratio_.sum(),
        "isolation": lambda: -ensemble.IsolationForest(n_jobs=threads, random_state=seed).fit(x)
        .score_samples(x).mean(),
    }[learner]
    with Timed() as fit:
        score = work()
    report(score, fit.cpu, fit.wall, 0.0)


def make_table(path, rows, columns):
    """Noise with a signal in a few columns, column after column, the target last."""
    rng = np.random.default_rng(5)
    signal = np.zeros(rows, dtype=np.float32)
    with open(path, "wb") as file:
        for j in range(columns):
            column = rng.standard_normal(rows, dtype=np.float32)
            if j < 8:
                signal += np.sin(column * (j + 1)) if j % 2 else column * abs(column) / 4
            column.tofile(file)
        noise = rng.standard_normal(rows, dtype=np.float32)
        (signal + noise > 0).astype(np.float32).tofile(file)


def million(path, columns, threads, seed):
    from sklearn import metrics
    table = np.fromfile(path, dtype=np.float32).reshape(columns + 1, -1)
    x, y = table[:-1].T.astype(np.float64), table[-1].astype(int)
    del table
    model = make("boosting", "classification", threads, seed)
    with Timed() as fit:
        model.fit(x, y)
    some = slice(0, len(y) // 10)
    with Timed() as predict:
        p = model.predict_proba(x[some])
    report(metrics.roc_auc_score(y[some], p[:, 1]), fit.cpu, fit.wall, predict.cpu)


def compare(learner, task, train, test, threads_and_seed):
    from sklearn import metrics
    names, x, y = read(train)
    _, x_test, truth = read(test)
    model = make(learner, task, *threads_and_seed)
    options = {}
    if learner == "boosting":
        categories = [j for j, name in enumerate(names) if name.endswith(":category")]
        options = {"categorical_feature": categories or "auto"}
    with Timed() as fit:
        model.fit(x, y if task == "regression" else y.astype(int), **options)
    with Timed() as predict:
        p = model.predict(x_test) if task == "regression" else model.predict_proba(x_test)
    if task == "regression":
        score = metrics.root_mean_squared_error(truth, p)
    else:
        two = p.shape[1] == 2
        score = metrics.roc_auc_score(truth, p[:, 1] if two else p, multi_class="ovr")
    report(score, fit.cpu, fit.wall, predict.cpu)


def main(learner, task, train, test, threads, seed):
    if task == "million":
        million(train, int(test), int(threads), int(seed))
    elif task == "groups":
        group(learner, train, int(threads), int(seed))
    else:
        compare(learner, task, train, test, (int(threads), int(seed)))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make_table(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main(*sys.argv[1:])
