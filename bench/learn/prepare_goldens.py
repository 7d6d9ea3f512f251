"""Golden gaps filled from neighbours and golden weights of words, made with scikit-learn.

Run:  python bench/learn/prepare_goldens.py crates/engines/learn/tests/goldens

Reads wine.csv there, which goldens.py wrote, and writes prepare.json beside it.
"""

import csv
import json
import pathlib
import sys

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import KNNImputer

ROWS = 300
# Relatively prime to the number of columns, so that gaps wander through them.
STEP = 7
COUNTS = [1, 5]
TEXTS = [
    "The parcel came late, and the box was open.",
    "Late again! Nobody answers the phone.",
    "Wonderful: the parcel came a day early.",
    "Ünïcode words like Straße and naïve are words, too.",
    "order_17 and order_18 were lost; order_17 came back",
    "a b c d e f",
    "",
    "THE BOX IS FINE the phone works the day is saved",
]


def fill():
    path = pathlib.Path(sys.argv[1]) / "wine.csv"
    with open(path, newline="") as file:
        next(csv.reader(file))
        table = np.array([[float(v) for v in row] for row in csv.reader(file)])
    x = table[:ROWS, :-1].copy()
    gaps = np.arange(x.size).reshape(x.shape) % STEP == 0
    x[gaps] = np.nan
    filled = [[count, KNNImputer(n_neighbors=count).fit_transform(x)[gaps].tolist()]
              for count in COUNTS]
    return {"step": STEP, "rows": ROWS, "by_count": filled}


def weigh():
    model = TfidfVectorizer()
    rows = model.fit_transform(TEXTS).toarray().tolist()
    few = TfidfVectorizer(min_df=2, max_features=3).fit(TEXTS)
    return {"texts": TEXTS, "words": model.get_feature_names_out().tolist(), "rows": rows,
            "few_words": few.get_feature_names_out().tolist()}


def main():
    out = pathlib.Path(sys.argv[1]) / "prepare.json"
    out.write_text(json.dumps({"impute": fill(), "text": weigh()}) + "\n")


if __name__ == "__main__":
    main()
