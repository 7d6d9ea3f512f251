"""Tables of a folder with what SDV and SDMetrics must know of them.

The folder's metadata.json names keys as synth.generate_tables takes them. Columns of words that mostly
differ name people or things and are left to each generator; the others are numbers, dates or labels.
"""

import json
import pathlib

import pandas as pd

DATES = r"^\d{4}-\d{2}-\d{2}$"


def kind_of(column):
    """The SDV type of a column that is no key, and how its dates are written."""
    present = column.dropna()
    if pd.api.types.is_numeric_dtype(column) and present.nunique() > 2:
        return {"sdtype": "numerical"}
    words = present.astype(str)
    if len(words) and words.str.match(DATES).all():
        return {"sdtype": "datetime", "datetime_format": "%Y-%m-%d"}
    if len(words) and not pd.api.types.is_numeric_dtype(column) and words.nunique() * 2 > len(words):
        return {"sdtype": "unknown", "pii": True}
    return {"sdtype": "categorical"}


def load(folder, made=None):
    """Real tables (and made ones of the same columns) and their metadata in SDV's form."""
    folder = pathlib.Path(folder)
    relations = json.loads((folder / "metadata.json").read_text())["relations"]
    real = {path.stem: pd.read_csv(path) for path in sorted(folder.glob("*.csv"))}
    keys = {(r["parent"], r["key"]) for r in relations} | {(r["child"], r["column"]) for r in relations}
    tables = {}
    for name, table in real.items():
        first = table.columns[0]
        primary = next((r["key"] for r in relations if r["parent"] == name), None)
        if primary is None and table[first].is_unique and first.endswith("id"):
            primary = first
        columns = {column: {"sdtype": "id"} if (name, column) in keys or column == primary
                   else kind_of(table[column]) for column in table.columns}
        tables[name] = {"columns": columns, **({"primary_key": primary} if primary else {})}
    links = [{"parent_table_name": r["parent"], "parent_primary_key": r["key"],
              "child_table_name": r["child"], "child_foreign_key": r["column"]} for r in relations]
    metadata = {"tables": tables, "relationships": links, "METADATA_SPEC_VERSION": "V1"}
    if made is None:
        return real, metadata
    drawn = {name: pd.read_csv(pathlib.Path(made) / f"{name}.csv")[list(table.columns)]
             for name, table in real.items()}
    return real, drawn, metadata


def with_dates(tables, metadata):
    """The tables with dates as dates and labels as words, as SDMetrics compares them."""
    found = {}
    for name, table in tables.items():
        table = table.copy()
        for column, about in metadata["tables"][name]["columns"].items():
            if about["sdtype"] == "datetime":
                table[column] = pd.to_datetime(table[column], errors="coerce")
            if about["sdtype"] == "categorical":
                table[column] = table[column].astype(object)
        found[name] = table
    return found
