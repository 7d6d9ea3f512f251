#!/usr/bin/env python3
"""Writes the workbook that the bench simulates: a project's cash flows over 24 years.

model.py FILE

Four sheets, 878 formulas, 20 inputs and 8 outputs, with SUM, NPV, IRR, IF, AND, MIN, MAX, ROUND, ^,
INDEX, an approximate VLOOKUP, debt, tax losses and depreciation. `INPUTS` and `OUTPUTS` say where
they are; `numpy_peer.py` is the same model written by hand.
"""

import sys

YEARS = 24
# Name, value and distribution of each input, in Inputs!B2:B21.
INPUTS = [
    ("price", 52.0, "triangular(48, 52, 58)"),
    ("volume", 100000.0, "normal(100000, 8000)"),
    ("growth", 0.03, "triangular(0, 0.03, 0.06)"),
    ("capacity", 150000.0, "uniform(140000, 160000)"),
    ("unit_cost", 28.0, "triangular(26, 28, 31)"),
    ("fixed_cost", 800000.0, "normal(800000, 50000)"),
    ("cost_inflation", 0.02, "uniform(0.01, 0.03)"),
    ("price_inflation", 0.015, "uniform(0.005, 0.025)"),
    ("capex", 9000000.0, "triangular(8000000, 9000000, 10500000)"),
    ("tax", 0.27, "uniform(0.25, 0.3)"),
    ("rate", 0.08, "triangular(0.06, 0.08, 0.1)"),
    ("debt_share", 0.5, "uniform(0.4, 0.6)"),
    ("interest", 0.05, "triangular(0.035, 0.05, 0.07)"),
    ("life", 12.0, "uniform(10, 15)"),
    ("working_capital", 0.12, "uniform(0.08, 0.15)"),
    ("selling", 0.06, "uniform(0.05, 0.08)"),
    ("learning", 0.01, "uniform(0, 0.02)"),
    ("start", 0.6, "uniform(0.5, 0.75)"),
    ("upkeep", 0.015, "uniform(0.01, 0.02)"),
    ("residual", 0.1, "uniform(0, 0.2)"),
]
OUTPUTS = [f"Summary!B{row}" for row in range(2, 10)]
REBATES = [(0, 0.0), (60000, 0.01), (80000, 0.02), (100000, 0.035), (120000, 0.05),
           (140000, 0.06)]
SUBSIDIES = [400000, 400000, 300000, 300000, 200000, 100000]

# Rows of the sheet Model from row 3 on: `{c}` is the year's column, `{p}` the one before, and a
# formula that differs in the first year stands second.
I = {name: f"Inputs!$B${row}" for row, (name, _, _) in enumerate(INPUTS, start=2)}
ROWS = [
    ("demand", "={volume}*(1+{growth})^({c}$2-1)"),
    ("ramp", "=MIN(1,{start}+0.2*({c}$2-1)+{learning})"),
    ("available", "={capacity}*{c}4"),
    ("sold", "=MIN({c}3,{c}5)"),
    ("price", "={price}*(1+{price_inflation})^({c}$2-1)"),
    ("revenue", "={c}6*{c}7"),
    ("inflation", "=(1+{cost_inflation})^({c}$2-1)"),
    ("rebate", "=VLOOKUP({c}6,Tables!$A$2:$B$7,2,TRUE)"),
    ("variable", "={c}6*{unit_cost}*{c}9*(1-{c}10)"),
    ("fixed", "={fixed_cost}*{c}9"),
    ("selling", "={selling}*{c}8"),
    ("subsidy", "=IF(AND({c}$2>=1,{c}$2<=6),INDEX(Tables!$D$2:$D$7,MIN({c}$2,6)),0)"
                "*IF({c}4<1,1,0.5)"),
    ("ebitda", "={c}8-{c}11-{c}12-{c}13+{c}14"),
    ("depreciation", "=IF({c}$2<={life},{capex}/{life},"
                     "MAX(0,{capex}-{capex}/{life}*({c}$2-1))*0)"),
    ("ebit", "={c}15-{c}16"),
    ("debt_open", "={p}20", "={capex}*{debt_share}"),
    ("repaid", "=IF(AND({c}18>0,{c}$2<=10),MIN({c}18,{capex}*{debt_share}/10),0)"),
    ("debt_close", "={c}18-{c}19"),
    ("interest", "={c}18*{interest}"),
    ("ebt", "={c}17-{c}21"),
    ("loss_open", "={p}25", "=0*{capex}"),
    ("loss_used", "=MIN(MAX({c}22,0),{c}23)"),
    ("loss_close", "={c}23-{c}24+MAX(0-{c}22,0)"),
    ("tax", "=ROUND((MAX({c}22,0)-{c}24)*{tax},2)"),
    ("net", "={c}22-{c}26"),
    ("capital", "={working_capital}*{c}8"),
    ("more_capital", "={c}28-{p}28", "={c}28"),
    ("upkeep", "={upkeep}*{capex}*{c}9"),
    ("free", "={c}27+{c}16+{c}21*(1-{tax})-{c}29-{c}30"),
    ("equity", "={c}27+{c}16-{c}29-{c}30-{c}19"),
    ("factor", "=1/(1+{rate})^{c}$2"),
    ("present", "={c}31*{c}33"),
    ("sum_present", "={p}35+{c}34", "={c}34-{capex}"),
    ("cover", "=IF({c}19+{c}21>0,({c}15-{c}26)/({c}19+{c}21),0)"),
    ("margin", "={c}15/{c}8"),
    ("paid_back", "=IF({c}35>0,1,0)"),
]
HELPERS = [
    ("Flow at start", "=0-{capex}"),
    ("Equity at start", "=0-{capex}*(1-{debt_share})"),
    ("Residual", "={capex}*{residual}+Model!{last}28"),
    ("Present residual", "=B14*Model!{last}33"),
]
SUMMARY = [
    ("Net present value", "=NPV({rate},Model!{first}31:{last}31)+B12+B15"),
    ("Rate of return", "=IRR(Model!{before}31:{last}31)"),
    ("Equity return", "=IRR(Model!{before}32:{last}32)"),
    ("Payback", "=%d-SUM(Model!{first}38:{last}38)" % (YEARS + 1)),
    ("Worst cover", "=MIN(Model!{first}36:{tenth}36)"),
    ("Largest loss", "=MAX(Model!{first}25:{last}25)"),
    ("Taxes", "=SUM(Model!{first}26:{last}26)/SUM(Model!{first}8:{last}8)"),
    ("Average margin", "=ROUND(AVERAGE(Model!{first}37:{last}37),4)"),
]


def column(index):
    from openpyxl.utils import get_column_letter
    return get_column_letter(index)


def write(path):
    import openpyxl
    book = openpyxl.Workbook()
    inputs = book.active
    inputs.title = "Inputs"
    inputs.append(["Input", "Value"])
    for name, value, _ in INPUTS:
        inputs.append([name, value])
    tables = book.create_sheet("Tables")
    tables.append(["From", "Rebate", None, "Subsidy"])
    for (start, rebate), subsidy in zip(REBATES, SUBSIDIES):
        tables.append([start, rebate, None, subsidy])
    model = book.create_sheet("Model")
    count = 0
    first = 3
    for year in range(1, YEARS + 1):
        model.cell(2, first + year - 1, year)
    for row, (name, *formulas) in enumerate(ROWS, start=3):
        model.cell(row, 1, name)
        for year in range(YEARS):
            formula = formulas[-1] if year == 0 else formulas[0]
            places = {"c": column(first + year), "p": column(first + year - 1), **I}
            model.cell(row, first + year, formula.format(**places))
            count += 1
    places = {"first": column(first), "last": column(first + YEARS - 1),
              "before": column(first - 1), "tenth": column(first + 9), **I}
    summary = book.create_sheet("Summary")
    summary.append(["Output", "Value"])
    for row, (name, formula) in enumerate(SUMMARY, start=2):
        summary.cell(row, 1, name)
        summary.cell(row, 2, formula.format(**places))
    for row, (name, formula) in enumerate(HELPERS, start=12):
        summary.cell(row, 1, name)
        summary.cell(row, 2, formula.format(**places))
    # What is paid at the start stands before the first year, for IRR.
    model.cell(31, first - 1, "=Summary!B12")
    model.cell(32, first - 1, "=Summary!B13")
    count += len(SUMMARY) + len(HELPERS) + 2
    book.save(path)
    return count


if __name__ == "__main__":
    print(write(sys.argv[1]), "formulas")
