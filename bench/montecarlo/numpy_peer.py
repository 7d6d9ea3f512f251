"""The bench's model written by hand with NumPy, in chunks that stay in the cache.

numpy_peer.py TASK   TASK: {"seconds", "chunk", "check": [[inputs], ...]}

Prints one JSON line: iterations per processor second, drawing included, and the outputs of the
inputs to check.
"""

import json
import sys
import time

import numpy as np

from model import INPUTS, REBATES, SUBSIDIES, YEARS

STARTS = np.array([start for start, _ in REBATES], dtype=float)
SHARES = np.array([share for _, share in REBATES])


def draw(random, n):
    """All inputs by the distributions of the model."""
    columns = []
    for _, _, spelled in INPUTS:
        family, arguments = spelled.rstrip(")").split("(")
        numbers = [float(a) for a in arguments.split(",")]
        columns.append(getattr(random, family)(*numbers, n))
    return columns


def rate_of_return(flows):
    """Newton's method for all rows at once."""
    rate = np.full(flows[0].shape, 0.1)
    for _ in range(30):
        discount = 1 / (1 + rate)
        factor = np.ones_like(rate)
        value = np.zeros_like(rate)
        slope = np.zeros_like(rate)
        for period, flow in enumerate(flows):
            term = flow * factor
            value += term
            slope += period * term
            factor *= discount
        step = value / slope * (1 + rate)
        rate += step
        if np.all(np.abs(step) < 1e-10 * np.maximum(np.abs(rate), 1e-2)):
            break
    return rate


def evaluate(columns):
    (price, volume, growth, capacity, unit, fixed, cost_up, price_up, capex, tax, rate, share,
     interest, life, working, selling, learning, start, upkeep, residual) = columns
    zero = np.zeros_like(price)
    growing, dearer, costlier = zero + 1, zero + 1, zero + 1
    debt, losses, capital, present = capex * share, zero, zero, -capex
    yearly, instalment = capex / life, capex * share / 10
    free, equity, revenues, taxes, margins = [-capex], [-capex * (1 - share)], zero, zero, zero
    worst, largest, paid = None, zero, zero
    factor, total = zero + 1, zero
    for year in range(1, YEARS + 1):
        ramp = np.minimum(1, start + 0.2 * (year - 1) + learning)
        sold = np.minimum(volume * growing, capacity * ramp)
        revenue = sold * (price * dearer)
        rebate = SHARES[np.searchsorted(STARTS, sold, side="right") - 1]
        subsidy = 0.0
        if year <= 6:
            subsidy = SUBSIDIES[year - 1] * np.where(ramp < 1, 1, 0.5)
        ebitda = (revenue - sold * unit * costlier * (1 - rebate) - fixed * costlier
                  - selling * revenue + subsidy)
        depreciation = np.where(year <= life, yearly, 0)
        repaid = np.where(debt > 0, np.minimum(debt, instalment), 0) if year <= 10 else zero
        paid_interest = debt * interest
        ebt = ebitda - depreciation - paid_interest
        gain = np.maximum(ebt, 0)
        used = np.minimum(gain, losses)
        losses = losses - used + np.maximum(-ebt, 0)
        due = np.round((gain - used) * tax, 2)
        net = ebt - due
        more = working * revenue - capital
        capital = working * revenue
        keep = upkeep * capex * costlier
        free.append(net + depreciation + paid_interest * (1 - tax) - more - keep)
        equity.append(net + depreciation - more - keep - repaid)
        factor = factor / (1 + rate)
        present = present + free[-1] * factor
        total = total + free[-1] * factor
        service = repaid + paid_interest
        cover = np.where(service > 0, (ebitda - due) / np.where(service > 0, service, 1), 0)
        if year <= 10:
            worst = cover if worst is None else np.minimum(worst, cover)
        largest = np.maximum(largest, losses)
        paid = paid + (present > 0)
        revenues, taxes, margins = revenues + revenue, taxes + due, margins + ebitda / revenue
        debt = debt - repaid
        growing = growing * (1 + growth)
        dearer = dearer * (1 + price_up)
        costlier = costlier * (1 + cost_up)
    value = total - capex + (capex * residual + capital) * factor
    return [value, rate_of_return(free), rate_of_return(equity), YEARS + 1 - paid, worst, largest,
            taxes / revenues, np.round(margins / YEARS, 4)]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    random = np.random.Generator(np.random.Philox(7))
    done, start = 0, time.process_time()
    while time.process_time() - start < task["seconds"]:
        evaluate(draw(random, task["chunk"]))
        done += task["chunk"]
    speed = done / (time.process_time() - start)
    outputs = np.array(evaluate([np.array(c) for c in zip(*task["check"])])).T.tolist()
    print(json.dumps({"iterations_per_core_s": speed, "outputs": outputs}))


main()
