"""How like a synthetic table is to the real one: the same code for every generator.

measure.py REAL.csv SYNTHETIC.csv TEST.csv TARGET

REAL is what the generator learned from and TEST what it never saw. Prints one JSON object: Shape and
Trend of sdmetrics' QualityReport, C2ST (1 - (2 max(AUC, .5) - 1) of XGBoost telling synthetic from
real rows, three folds), the AUC or R² on TEST of XGBoost trained on synthetic (mle) and on real rows
(mle_real), the AUC of the distance to the nearest synthetic row in telling members from others
(mia_auc), its true-positive rate at 1 % false positives, and the share of synthetic rows that repeat
a real one (exact_copies) beside the share of TEST rows that do (holdout_copies).
"""

import json
import sys

import numpy as np
import pandas as pd
import xgboost
from sdmetrics.reports.single_table import QualityReport
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

MEMBERS = 1200
SYNTHETIC_ROWS = 40_000
TREES = {"n_estimators": 200, "max_depth": 6, "learning_rate": 0.1, "tree_method": "hist",
         "enable_categorical": True, "n_jobs": 2, "random_state": 0}


def is_number(column, target_kind=None):
    return pd.api.types.is_numeric_dtype(column)


def metadata_of(real):
    kinds = {}
    for name in real.columns:
        column = real[name]
        number = is_number(column) and (column.nunique() > 2 or column.dtype.kind == "f")
        kinds[name] = {"sdtype": "numerical" if number else "categorical"}
    return {"columns": kinds}


def as_read(frame, real):
    """Columns of the real table, of its kinds."""
    frame = frame[list(real.columns)].copy()
    for name in real.columns:
        if is_number(real[name]):
            frame[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
        else:
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return frame


def features(frames, drop=()):
    whole = pd.concat(frames, ignore_index=True)
    for name in whole.columns:
        if not is_number(whole[name]):
            whole[name] = whole[name].astype("category")
    whole = whole.drop(columns=list(drop))
    parts, start = [], 0
    for frame in frames:
        parts.append(whole.iloc[start:start + len(frame)])
        start += len(frame)
    return parts


def c2st(real, synthetic):
    size = min(len(real), len(synthetic), SYNTHETIC_ROWS)
    parts = [frame.sample(size, random_state=0) for frame in (real, synthetic)]
    left, right = features(parts)
    x = pd.concat([left, right], ignore_index=True)
    y = np.repeat([0, 1], size)
    scores = np.zeros(len(y))
    for train, test in StratifiedKFold(3, shuffle=True, random_state=0).split(x, y):
        model = xgboost.XGBClassifier(**TREES).fit(x.iloc[train], y[train])
        scores[test] = model.predict_proba(x.iloc[test])[:, 1]
    auc = roc_auc_score(y, scores)
    return 1 - (2 * max(auc, 0.5) - 1), auc


def usefulness(train, test, target):
    if train[target].nunique() < 2:
        return 0.5
    x_train, x_test = features([train, test], drop=[target])
    if is_number(test[target]) and test[target].nunique() > 10:
        kept = train[target].notna()
        model = xgboost.XGBRegressor(**TREES).fit(x_train[kept.values], train[target][kept])
        return r2_score(test[target], model.predict(x_test))
    names = {name: code for code, name in enumerate(sorted(test[target].dropna().unique(), key=str))}
    y_train, y_test = train[target].map(names), test[target].map(names)
    kept = y_train.notna()
    if y_train[kept].nunique() < 2:
        return 0.5
    model = xgboost.XGBClassifier(**TREES).fit(x_train[kept.values], y_train[kept].astype(int))
    chances = model.predict_proba(x_test)
    if len(names) == 2:
        return roc_auc_score(y_test, chances[:, 1])
    return roc_auc_score(y_test, chances, multi_class="ovr", labels=range(len(names)))


def nearest(rows, references, scale, numbers):
    found = np.empty(len(rows))
    others = [name for name in rows.columns if name not in numbers]
    for at in range(len(rows)):
        row = rows.iloc[at]
        distance = np.zeros(len(references))
        for name in numbers:
            gap = np.abs(references[name].values - row[name]) / scale[name]
            both = np.isnan(references[name].values) & np.isnan(row[name])
            distance += np.where(both, 0.0, np.nan_to_num(gap, nan=1.0))
        for name in others:
            distance += (references[name].values != row[name]).astype(float)
        found[at] = distance.min()
    return found


def membership(real, synthetic, test):
    count = min(MEMBERS, len(test), len(real))
    numbers = [name for name in real.columns if is_number(real[name])]
    scale = {name: max(real[name].max() - real[name].min(), 1e-12) for name in numbers}
    references = synthetic.head(SYNTHETIC_ROWS)
    members = nearest(real.sample(count, random_state=0), references, scale, numbers)
    others = nearest(test.sample(count, random_state=0), references, scale, numbers)
    truth = np.repeat([1, 0], count)
    scores = -np.concatenate([members, others])
    threshold = np.quantile(-others, 0.99)
    return roc_auc_score(truth, scores), float((-members > threshold).mean())


def copies(real, synthetic, test):
    def keys(frame):
        return pd.util.hash_pandas_object(frame.astype(str), index=False)
    known = set(keys(real))
    return (float(keys(synthetic).isin(known).mean()), float(keys(test).isin(known).mean()))


def measure(real, synthetic, test, target):
    report = QualityReport()
    report.generate(real, synthetic, metadata_of(real), verbose=False)
    shape, trend = report.get_properties()["Score"]
    score, auc = c2st(real, synthetic)
    mia, caught = membership(real, synthetic, test)
    copied, held = copies(real, synthetic, test)
    return {"shape": shape, "trend": trend, "quality": report.get_score(), "c2st": score,
            "c2st_auc": auc, "mle": usefulness(synthetic, test, target),
            "mle_real": usefulness(real, test, target), "mia_auc": mia,
            "tpr_at_1_fpr": caught, "exact_copies": copied, "holdout_copies": held}


def main():
    real_path, synthetic_path, test_path, target = sys.argv[1:5]
    markers = {"keep_default_na": False, "na_values": ["", "NA", "?"], "low_memory": False}
    real = pd.read_csv(real_path, **markers)
    real = as_read(real, real)
    synthetic = as_read(pd.read_csv(synthetic_path, **markers), real)
    test = as_read(pd.read_csv(test_path, **markers), real)
    print(json.dumps({name: float(value) for name, value in
                      measure(real, synthetic, test, target).items()}))


if __name__ == "__main__":
    main()
