"""The bench's workbook in IronCalc: all inputs set, everything evaluated, once per iteration.

ironcalc_peer.py TASK   TASK: {"workbook", "seconds", "check": [[inputs], ...]}

Prints one JSON line: iterations per processor second, and the outputs of the inputs to check.
"""

import json
import random
import sys
import time

import ironcalc

from model import INPUTS


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    model = ironcalc.load_from_xlsx(task["workbook"], "en", "UTC", "en")
    sheets = {s["name"]: i for i, s in enumerate(model.get_worksheets_properties())}
    inputs, summary = sheets["Inputs"], sheets["Summary"]

    def iterate(values):
        for row, value in enumerate(values, start=2):
            model.set_user_input(inputs, row, 2, repr(float(value)))
        model.evaluate()

    outputs = []
    for values in task["check"]:
        iterate(values)
        outputs.append([float(model.get_cell_value(summary, row, 2)) for row in range(2, 10)])
    base = [value for _, value, _ in INPUTS]
    done, start = 0, time.process_time()
    while time.process_time() - start < task["seconds"]:
        iterate([value * random.uniform(0.98, 1.02) for value in base])
        done += 1
    speed = done / (time.process_time() - start)
    print(json.dumps({"iterations_per_core_s": speed, "outputs": outputs}))


main()
