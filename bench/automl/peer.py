"""One training of one peer, written as its users would write it, at its recommended settings.

peer.py NAME TRAIN.csv TEST.csv TARGET TASK SECONDS OUT.csv

Writes a prediction a test row (the probability of each class, or a number) and prints a JSON line:
seconds of the fit, processor seconds, peak and idle memory, milliseconds of a single-row call.
"""

import json
import os
import resource
import statistics
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
import numpy
import pandas


def peak_mb():
    """Of this program: getrusage would count what its parent held when it started it."""
    with open("/proc/self/status") as status:
        lines = [line.split() for line in status if line.startswith("VmHWM:")]
    return int(lines[0][1]) / 1024


def with_categories(train, test):
    """Texts as categories, which boosting takes as they are."""
    train, test = train.copy(), test.copy()
    for name in train.columns:
        if not pandas.api.types.is_numeric_dtype(train[name]):
            kind = pandas.CategoricalDtype(sorted(train[name].dropna().unique()))
            train[name], test[name] = train[name].astype(kind), test[name].astype(kind)
    return train, test


def fit_flaml(x, y, task, seconds, ensemble):
    from flaml import AutoML
    model = AutoML()
    metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[task]
    kind = "regression" if task == "regression" else "classification"
    model.fit(x, y, task=kind, metric=metric, time_budget=seconds, n_jobs=2, verbose=0,
              ensemble=ensemble, seed=1)
    return model


def fit_autogluon(x, y, task, seconds, best):
    from autogluon.tabular import TabularPredictor
    metric = {"binary": "roc_auc", "multiclass": "log_loss",
              "regression": "root_mean_squared_error"}[task]
    table = x.assign(__target=y)
    model = TabularPredictor(label="__target", problem_type=task, eval_metric=metric, verbosity=0,
                             path=tempfile.mkdtemp())
    extra = {"presets": "best_quality"} if best else {}
    return model.fit(table, time_limit=seconds, num_cpus=2, num_gpus=0, **extra)


def fit_sklearn(x, y, task):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    kind = (HistGradientBoostingRegressor if task == "regression"
            else HistGradientBoostingClassifier)
    return kind(categorical_features="from_dtype", random_state=1).fit(x, y)


def fit_lightgbm(x, y, task):
    from lightgbm import LGBMClassifier, LGBMRegressor
    kind = LGBMRegressor if task == "regression" else LGBMClassifier
    return kind(n_jobs=2, random_state=1, verbose=-1).fit(x, y)


def fit(name, x, y, task, seconds):
    if name.startswith("flaml"):
        return fit_flaml(x, y, task, seconds, name == "flaml_ensemble")
    if name.startswith("autogluon"):
        return fit_autogluon(x, y, task, seconds, name == "autogluon_best")
    return fit_sklearn(x, y, task) if name == "sklearn" else fit_lightgbm(x, y, task)


def main():
    name, train_path, test_path, target, task, seconds, out = sys.argv[1:]
    train, test = pandas.read_csv(train_path), pandas.read_csv(test_path)
    y = train.pop(target)
    test = test.drop(columns=[target])
    if task != "regression":
        y = y.astype(str)
    if name in ("sklearn", "lightgbm"):
        train, test = with_categories(train, test)
    idle = peak_mb()
    start, cpu = time.perf_counter(), time.process_time()
    model = fit(name, train, y, task, float(seconds))
    taken = time.perf_counter() - start
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() - cpu + children.ru_utime + children.ru_stime
    if task == "regression":
        predict = lambda table: numpy.asarray(model.predict(table), dtype=float)
        predicted = pandas.DataFrame({"prediction": predict(test)})
    else:
        predict = model.predict_proba
        values = numpy.asarray(predict(test))
        labels = model.class_labels if name.startswith("autogluon") else model.classes_
        predicted = pandas.DataFrame(values, columns=[str(label) for label in labels])
    predicted.to_csv(out, index=False)
    times = []
    for row in range(min(len(test), 30)):
        begin = time.perf_counter()
        predict(test.iloc[[row]])
        times.append(1000 * (time.perf_counter() - begin))
    print(json.dumps({"seconds": taken, "cpu_s": spent, "idle_rss_mb": idle,
                      "peak_rss_mb": max(peak_mb(), children.ru_maxrss / 1024),
                      "predict_p50_ms": statistics.median(times)}))


if __name__ == "__main__":
    # Passive waiting: otherwise OpenMP's idle threads spin and count as work.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    main()
