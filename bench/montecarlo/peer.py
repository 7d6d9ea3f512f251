"""Recalculates one workbook with a peer and compares the cells that the list names.

peer.py ironcalc|formualizer WORKBOOK CELLS

CELLS holds one JSON line per cell: sheet, row and col from 1, and the saved value. Prints one JSON
line with the number of equal cells and the seconds of loading and computing.
"""

import json
import sys
import time

# The error kinds of formualizer by the texts that Excel shows.
KINDS = {"Null": "#NULL!", "Div": "#DIV/0!", "Value": "#VALUE!", "Ref": "#REF!", "Name": "#NAME?",
         "Num": "#NUM!", "Na": "#N/A", "Spill": "#SPILL!", "Calc": "#CALC!"}


def ironcalc(path):
    import ironcalc as engine

    model = engine.load_from_xlsx(path, "en", "UTC", "en")
    model.evaluate()
    sheets = {s["name"]: i for i, s in enumerate(model.get_worksheets_properties())}
    return lambda sheet, row, col: model.get_cell_value(sheets[sheet], row, col)


def formualizer(path):
    import formualizer as engine

    workbook = engine.Workbook.from_path(path)
    workbook.evaluate_all()

    def value(sheet, row, col):
        found = workbook.get_value(sheet, row, col)
        return KINDS.get(found.get("kind"), "#VALUE!") if isinstance(found, dict) else found

    return value


def agree(saved, computed):
    if isinstance(saved, bool) or isinstance(computed, bool):
        return saved is computed
    if isinstance(saved, (int, float)):
        if not isinstance(computed, (int, float)):
            return False
        return abs(saved - computed) <= 1e-9 * max(abs(saved), abs(computed))
    return (saved or "") == (computed or "")


def main():
    engine, path, cells = sys.argv[1:]
    start = time.perf_counter()
    value = {"ironcalc": ironcalc, "formualizer": formualizer}[engine](path)
    seconds = time.perf_counter() - start
    equal = 0
    with open(cells, encoding="utf-8") as lines:
        for line in lines:
            cell = json.loads(line)
            try:
                equal += agree(cell["saved"], value(cell["sheet"], cell["row"], cell["col"]))
            except Exception:  # a cell that the peer cannot give counts as unequal
                pass
    print(json.dumps({"equal": equal, "seconds": seconds}))


main()
