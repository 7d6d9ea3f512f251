"""Golden numbers for crates/engines/fidelity, made with sdmetrics 0.32.0.

Run:  python bench/synth/goldens.py OUT
OUT   crates/engines/fidelity/tests/goldens

Makes small tables with missing values, dates, booleans, a constant, labels that only one side has
and values out of range, and writes them with what sdmetrics says about them, so that the Rust
tests need no Python. Dates are microseconds since 1970. Made with requirements-sdmetrics.txt.

alpha-precision and its companions are computed here from the definitions of Alaa and others
(2022) with numpy and scikit-learn, on min-max scaled numbers and one-hot labels.
"""

import itertools
import json
import math
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd
from sdmetrics import single_column, single_table
from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
from sdmetrics.multi_table import CardinalityShapeSimilarity
from sdmetrics.reports import multi_table as multi_reports
from sdmetrics.reports import single_table as single_reports
from sklearn.neighbors import NearestNeighbors

DAY = 86_400_000_000


def number(value):
    """A score as JSON: no NaN."""
    value = None if value is None else float(value)
    return None if value is None or math.isnan(value) else value


def attempt(function, *args, **kwargs):
    try:
        return number(function(*args, **kwargs))
    except Exception as error:  # What sdmetrics cannot measure has no score.
        print(f"  no score: {function.__qualname__}: {error}", file=sys.stderr)
        return None


def with_missing(rng, values, share):
    values = list(values)
    return [None if rng.random() < share else value for value in values]


def main_table(rng, rows, shift):
    """Columns of every kind; `shift` moves their distributions."""
    age = rng.integers(18, 70, rows) + shift
    income = np.round(np.exp(rng.normal(10 + 0.1 * shift, 0.7, rows)), 2)
    height = np.round(0.4 * age + rng.normal(150, 8 + shift, rows), 1)
    cities = ["Oslo", "Bergen", "Lima", "Quito"] if shift == 0 else ["Oslo", "Bergen", "Lima", "Rome"]
    city = rng.choice(cities, rows, p=[0.4, 0.3, 0.2, 0.1])
    day = rng.integers(15_000, 19_000 + 100 * shift, rows)
    return {
        "age": [int(v) for v in age],
        "income": with_missing(rng, [float(v) for v in income], 0.1),
        "height": with_missing(rng, [float(v) for v in height], 0.05 if shift else 0.0),
        "bonus": with_missing(rng, [float(v) for v in np.round(income * 0.1, 1)], 0.0 if shift else 0.2),
        "constant": [5.0] * rows,
        "joined": with_missing(rng, [int(v) * DAY for v in day], 0.05),
        "left": [int(v + w) * DAY for v, w in zip(day, rng.integers(1, 300, rows))],
        "city": with_missing(rng, [str(v) for v in city], 0.06),
        "grade": [int(v) for v in rng.integers(1, 6 if shift == 0 else 5, rows)],
        "active": with_missing(rng, [bool(v) for v in rng.random(rows) < 0.3 + 0.1 * shift], 0.04),
        "member": [bool(v) for v in (age + rng.normal(0, 10, rows)) > 45],
    }


MAIN_KINDS = {
    "age": "numerical", "income": "numerical", "height": "numerical", "bonus": "numerical",
    "constant": "numerical", "joined": "datetime", "left": "datetime", "city": "categorical",
    "grade": "categorical", "active": "boolean", "member": "boolean",
}


def cases():
    rng = np.random.default_rng(7)
    real, synthetic, holdout = (main_table(rng, 300, 0), main_table(rng, 250, 2),
                                main_table(rng, 200, 0))
    real["key"] = [f"k{i}" for i in range(300)]
    synthetic["key"] = [f"k{i % 240}" for i in range(250)]
    synthetic["key"][5] = None
    holdout["key"] = [f"h{i}" for i in range(200)]
    # Rows that are copies, exactly and nearly.
    for row in range(20):
        for name in MAIN_KINDS:
            synthetic[name][row] = real[name][row * 3]
    for row in range(20, 30):
        for name in MAIN_KINDS:
            synthetic[name][row] = real[name][row * 3]
        synthetic["income"][row] = None if real["income"][row * 3] is None else \
            real["income"][row * 3] * (1.0099 if row % 2 else 1.0101)
    yield "main", MAIN_KINDS, "key", real, synthetic, holdout
    numbers = {"a": "numerical", "b": "numerical", "c": "numerical"}

    def few(rows, scale):
        a = rng.normal(0, scale, rows)
        return {"a": [float(v) for v in a], "b": [float(v) for v in a * 2 + rng.normal(0, 1, rows)],
                "c": [float(v) for v in rng.integers(0, 4, rows)]}
    yield "numbers", numbers, None, few(120, 1.0), few(130, 1.5), few(110, 1.0)
    labels = {"x": "categorical", "y": "categorical", "z": "boolean"}

    def words(rows, p):
        x = rng.choice(["a", "b", "c"], rows, p=p)
        return {"x": [str(v) for v in x], "y": [str(v) + str(rng.integers(2)) for v in x],
                "z": [bool(v == "a") for v in x]}
    yield "labels", labels, None, words(90, [0.5, 0.3, 0.2]), words(100, [0.4, 0.4, 0.2]), \
        words(80, [0.5, 0.3, 0.2])
    # One value a side, everything missing on a side, borders that are only just left.
    edges = {"one": "numerical", "none": "numerical", "gone": "numerical", "tight": "numerical",
             "only": "categorical", "void": "categorical"}
    real = {"one": [3.0] * 6, "none": [None] * 6, "gone": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            "tight": [0.0, 100.0, 0.99, 1.0, 99.0, 50.0], "only": ["p"] * 6,
            "void": ["q", "r", None, "q", "r", "q"]}
    synthetic = {"one": [3.0, 3.0, 4.0, 3.0, 3.0], "none": [1.0, None, 2.0, 3.0, 4.0],
                 "gone": [None] * 5, "tight": [0.0, 100.0, 1.0, 101.0, -1.0],
                 "only": ["p", "p", "s", "p", None], "void": [None] * 5}
    yield "edges", edges, None, real, synthetic, None
    tolerance = {"v": "numerical"}
    real = {"v": [100.0, 0.99, -50.0, 0.0, 10.0]}
    synthetic = {"v": [101.0, 1.0, 99.0, -50.5, -50.6, 0.0, 0.001, 10.1, 9.9, 9.89]}
    yield "tolerance", tolerance, None, real, synthetic, None


def frame(columns, kinds, key):
    data = {}
    for name, values in columns.items():
        kind = kinds.get(name, "id")
        if kind == "datetime":
            data[name] = pd.Series([pd.NaT if v is None else pd.Timestamp(v, unit="us")
                                    for v in values])
        elif kind == "numerical":
            data[name] = pd.Series([np.nan if v is None else v for v in values], dtype="float64")
        else:
            data[name] = pd.Series(values, dtype="object")
    return pd.DataFrame(data)


def sdtypes(kinds, key):
    columns = {name: {"sdtype": kind} for name, kind in kinds.items()}
    metadata = {"columns": columns}
    if key:
        columns[key] = {"sdtype": "id"}
        metadata["primary_key"] = key
    return metadata


def single_column_scores(kinds, key, real, synthetic):
    scores = {}
    for name, kind in kinds.items():
        pair = (real[name], synthetic[name])
        found = {"missing_similarity": attempt(single_column.MissingValueSimilarity.compute, *pair)}
        if kind in ("numerical", "datetime"):
            found |= {"shape": attempt(single_column.KSComplement.compute, *pair),
                      "coverage": attempt(single_column.RangeCoverage.compute, *pair),
                      "validity": attempt(single_column.BoundaryAdherence.compute, *pair)}
        else:
            found |= {"shape": attempt(single_column.TVComplement.compute, *pair),
                      "coverage": attempt(single_column.CategoryCoverage.compute, *pair),
                      "validity": attempt(single_column.CategoryAdherence.compute, *pair)}
        scores[name] = found
    if key:
        pair = (real[key], synthetic[key])
        scores[key] = {"validity": attempt(single_column.KeyUniqueness.compute, *pair)}
    return scores


def pair_scores(kinds, real, synthetic):
    """Every pair on its own: no pair is left out for a weak relation."""
    found = []
    for first, second in itertools.combinations(kinds, 2):
        pair = (real[[first, second]], synthetic[[first, second]])
        numbers = [n for n in (first, second) if kinds[n] in ("numerical", "datetime")]
        if len(numbers) == 2:
            score = attempt(CorrelationSimilarity.compute, *pair)
        else:
            # Given dates as they are, the metric fails on missing ones; the report does not.
            dates = [n for n in numbers if kinds[n] == "datetime"]
            pair = [t.assign(**{n: t[n].map(lambda v: np.nan if pd.isna(v) else float(v.value))
                                for n in dates}) for t in pair]
            score = attempt(ContingencySimilarity.compute, *pair, continuous_column_names=numbers,
                            num_discrete_bins=10)
        found.append({"first": first, "second": second, "score": score})
    return found


def reports(metadata, real, synthetic):
    quality, diagnostic = single_reports.QualityReport(), single_reports.DiagnosticReport()
    quality.generate(real, synthetic, metadata, verbose=False)
    diagnostic.generate(real, synthetic, metadata, verbose=False)
    shapes = quality.get_details("Column Shapes")
    trends = quality.get_details("Column Pair Trends")
    validity = diagnostic.get_details("Data Validity")
    properties = quality.get_properties().set_index("Property")["Score"]
    checks = diagnostic.get_properties().set_index("Property")["Score"]
    return {
        "quality": number(quality.get_score()),
        "shape": number(properties["Column Shapes"]),
        "trend": number(properties["Column Pair Trends"]),
        "columns": {row["Column"]: number(row["Score"]) for _, row in shapes.iterrows()},
        "pairs": [{"first": row["Column 1"], "second": row["Column 2"],
                   "score": number(row["Score"]),
                   "real": number(row.get("Real Correlation")),
                   "synthetic": number(row.get("Synthetic Correlation")),
                   "association": number(row.get("Real Association"))}
                  for _, row in trends.iterrows()],
        "diagnostic": number(diagnostic.get_score()),
        "data_validity": number(checks["Data Validity"]),
        "data_structure": number(checks["Data Structure"]),
        "validity": {row["Column"]: number(row["Score"]) for _, row in validity.iterrows()},
    }


def closeness(metadata, real, synthetic, holdout):
    columns = {name: spec for name, spec in metadata["columns"].items() if spec["sdtype"] != "id"}
    metadata = {"tables": {"t": {"columns": columns}}}
    keep = list(columns)
    tables = (real[keep], synthetic[keep])
    found = {"new_rows": attempt(single_table.NewRowSynthesis.compute, *tables, metadata, "t",
                                 numerical_match_tolerance=0.01)}
    try:
        np.random.seed(0)
        baseline = single_table.DCRBaselineProtection.compute_breakdown(*tables, metadata, "t")
        medians = baseline["median_DCR_to_real_data"]
        found |= {"baseline_protection": number(baseline["score"]),
                  "synthetic_median": number(medians["synthetic_data"]),
                  "random_median": number(medians["random_data_baseline"])}
    except Exception as error:
        print(f"  no baseline protection: {error}", file=sys.stderr)
    if holdout is not None:
        overfit = single_table.DCROverfittingProtection.compute_breakdown(
            real[keep], synthetic[keep], holdout[keep], metadata, "t")
        found |= {"overfitting_protection": number(overfit["score"]),
                  "closer_to_training":
                      number(overfit["synthetic_data_percentages"]["closer_to_training"])}
    return found


def precision(kinds, real, synthetic):
    """alpha-precision, beta-recall and authenticity; one-hot columns of both tables together."""
    both = pd.concat([real, synthetic], ignore_index=True)
    parts = []
    for name, kind in kinds.items():
        if kind in ("numerical", "datetime"):
            values = both[name]
            if kind == "datetime":
                values = values.map(lambda v: np.nan if pd.isna(v) else v.value / 1000)
            known = values[: len(real)]
            low, width = known.min(), known.max() - known.min()
            parts.append(((values.fillna(known.mean()) - low) / (width if width > 0 else 1.0))
                         .to_numpy(float)[:, None])
        else:
            words = both[name].map(str).to_numpy()
            parts.append((words[:, None] == np.array(sorted(set(words)))).astype(float))
    points = np.hstack(parts)
    x, y = points[: len(real)], points[len(real):]
    alphas = np.linspace(0, 1, 30)
    distance = lambda a, centre: np.sqrt(((a - centre) ** 2).sum(axis=1))
    radii = np.quantile(distance(x, x.mean(axis=0)), alphas)
    inside = distance(y, x.mean(axis=0))
    alpha_curve = np.array([(inside <= r).mean() for r in radii])
    own = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(x).kneighbors(x)[0][:, 1]
    near, index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(y).kneighbors(x)
    centre = distance(y, y.mean(axis=0))[index[:, 0]]
    reach = np.quantile(centre, alphas)
    beta_curve = np.array([((near[:, 0] <= own) & (centre <= r)).mean() for r in reach])
    back, nearest = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(x).kneighbors(y)
    score = lambda curve: float(1 - np.abs(alphas - curve).sum() / alphas.sum())
    return {"alpha_precision": score(alpha_curve), "beta_recall": score(beta_curve),
            "authenticity": float((own[nearest[:, 0]] < back[:, 0]).mean())}


def relational():
    rng = np.random.default_rng(11)

    def tables(parents, children, shift):
        region = [str(v) for v in rng.choice(["n", "s", "w"], parents)]
        size = [float(v) for v in np.round(rng.normal(10 + shift, 3, parents), 2)]
        owner = rng.integers(0, parents - 5, children)
        amount = [float(v) for v in np.round(np.array(size)[owner] * 2 + rng.normal(0, 2, children), 2)]
        kind = [str(v) for v in rng.choice(["a", "b"], children, p=[0.7 - 0.1 * shift, 0.3 + 0.1 * shift])]
        references = [f"p{v}" for v in owner]
        if shift:
            references[3] = "nobody"
            references[8] = None
        parent = {"pid": [f"p{i}" for i in range(parents)], "region": region,
                  "size": with_missing(rng, size, 0.05)}
        child = {"cid": [f"c{i}" for i in range(children)], "owner": references, "amount": amount,
                 "kind": kind}
        return {"parents": parent, "children": child}
    real, synthetic = tables(60, 200, 0), tables(50, 180, 1)
    kinds = {"parents": {"region": "categorical", "size": "numerical"},
             "children": {"amount": "numerical", "kind": "categorical"}}
    metadata = {
        "tables": {
            "parents": {"primary_key": "pid", "columns": {"pid": {"sdtype": "id"},
                        "region": {"sdtype": "categorical"}, "size": {"sdtype": "numerical"}}},
            "children": {"primary_key": "cid", "columns": {"cid": {"sdtype": "id"},
                         "owner": {"sdtype": "id"}, "amount": {"sdtype": "numerical"},
                         "kind": {"sdtype": "categorical"}}},
        },
        "relationships": [{"parent_table_name": "parents", "parent_primary_key": "pid",
                           "child_table_name": "children", "child_foreign_key": "owner"}],
    }
    frames = lambda data: {name: frame(columns, kinds[name], None) for name, columns in data.items()}
    a, b = frames(real), frames(synthetic)
    quality, diagnostic = multi_reports.QualityReport(), multi_reports.DiagnosticReport()
    quality.generate(a, b, metadata, verbose=False)
    diagnostic.generate(a, b, metadata, verbose=False)
    properties = quality.get_properties().set_index("Property")["Score"]
    across = quality.get_details("Intertable Trends")
    relations = diagnostic.get_details("Relationship Validity")
    return {
        "kinds": kinds, "real": real, "synthetic": synthetic,
        "expected": {
            "shape": number(properties["Column Shapes"]),
            "trend": number(properties["Column Pair Trends"]),
            "cardinality": number(properties["Cardinality"]),
            "across": number(properties["Intertable Trends"]),
            "score": number(quality.get_score()),
            "pairs": [{"first": f"parents.{row['Column 1']}", "second": f"children.{row['Column 2']}",
                       "score": number(row["Score"])} for _, row in across.iterrows()],
            "relations": {row["Metric"]: number(row["Score"]) for _, row in relations.iterrows()},
            "cardinality_shape": number(CardinalityShapeSimilarity.compute(a, b, metadata)),
        },
    }


def main():
    out = pathlib.Path(sys.argv[1])
    warnings.simplefilter("ignore")
    found = []
    for name, kinds, key, real, synthetic, holdout in cases():
        print(name, file=sys.stderr)
        a, b = frame(real, kinds, key), frame(synthetic, kinds, key)
        c = None if holdout is None else frame(holdout, kinds, key)
        metadata = sdtypes(kinds, key)
        expected = {"pairs": pair_scores(kinds, a, b), "columns": single_column_scores(kinds, key, a, b),
                    "report": reports(metadata, a, b), "closeness": closeness(metadata, a, b, c)}
        if name != "edges" and name != "tolerance":
            rows = min(len(a), len(b))
            expected["precision"] = precision(kinds, a[:rows], b[:rows])
        found.append({"name": name, "kinds": kinds, "primary_key": key, "real": real,
                      "synthetic": synthetic, "holdout": holdout, "expected": expected})
    golden = {"cases": found, "relational": relational()}
    text = json.dumps(golden, allow_nan=False, separators=(",", ":"))
    (out / "sdmetrics.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
