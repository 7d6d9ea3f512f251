"""How like several synthetic tables are to the real ones: relational_measure.py FOLDER MADE.

Prints one JSON object: SDMetrics' quality report of several tables with its four parts, the smallest
share of keys that lead somewhere, and the rows of each table.
"""

import json
import sys
import warnings

from relations import load, with_dates
from sdmetrics.reports.multi_table import QualityReport

warnings.filterwarnings("ignore")
PARTS = {"Column Shapes": "shapes", "Column Pair Trends": "trends", "Cardinality": "cardinality",
         "Intertable Trends": "across"}


def integrity(tables, relations):
    """The smallest share of keys that lead to a row."""
    shares = [1.0]
    for relation in relations:
        known = set(tables[relation["parent_table_name"]][relation["parent_primary_key"]])
        keys = tables[relation["child_table_name"]][relation["child_foreign_key"]].dropna()
        shares.append(float(keys.isin(known).mean()) if len(keys) else 1.0)
    return min(shares)


def main():
    real, made, metadata = load(*sys.argv[1:3])
    report = QualityReport()
    report.generate(with_dates(real, metadata), with_dates(made, metadata), metadata, verbose=False)
    found = {PARTS[row.Property]: float(row.Score)
             for row in report.get_properties().itertuples() if row.Property in PARTS}
    print(json.dumps({"quality": float(report.get_score()), **found,
                      "integrity": integrity(made, metadata["relationships"]),
                      "rows": {name: len(table) for name, table in made.items()}}))


if __name__ == "__main__":
    main()
