#!/usr/bin/env python3
"""Writes crates/engines/sampling/tests/distributions.json: quantiles, means and standard deviations
that SciPy computes, for the tests of our distributions. Needs scipy (made with 1.17 or later):

    python bench/montecarlo/distributions.py
"""

import json
import pathlib

import scipy
from scipy import stats

TARGET = pathlib.Path(__file__).resolve().parents[2] / "crates/engines/sampling/tests/distributions.json"
PROBABILITIES = [1e-9, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.8, 0.95, 0.999, 0.999999]

CONTINUOUS = {
    "uniform(-3, 7)": stats.uniform(-3, 10),
    "normal(10, 2)": stats.norm(10, 2),
    "lognormal(mu=1, sigma=0.4)": stats.lognorm(0.4, scale=2.718281828459045),
    "triangular(80, 100, 150)": stats.triang(2 / 7, 80, 70),
    "pert(80, 100, 150)": stats.beta(1 + 4 * 2 / 7, 1 + 4 * 5 / 7, 80, 70),
    "beta(2, 5)": stats.beta(2, 5),
    "beta(0.5, 0.5)": stats.beta(0.5, 0.5),
    "beta(300, 20, 1, 3)": stats.beta(300, 20, 1, 2),
    "gamma(2, 3)": stats.gamma(2, scale=3),
    "gamma(0.2, 1)": stats.gamma(0.2),
    "gamma(250000, 0.1)": stats.gamma(250000, scale=0.1),
    "exponential(5)": stats.expon(scale=5),
    "weibull(1.5, 10)": stats.weibull_min(1.5, scale=10),
    "student_t(3, 5, 2)": stats.t(3, 5, 2),
    "student_t(0.7)": stats.t(0.7),
    "student_t(200)": stats.t(200),
    "logistic(10, 2)": stats.logistic(10, 2),
    "loglogistic(3, 10)": stats.fisk(3, scale=10),
    "pareto(5, 10)": stats.pareto(5, scale=10),
    "gumbel(10, 2)": stats.gumbel_r(10, 2),
    "gumbel_min(10, 2)": stats.gumbel_l(10, 2),
    "cauchy(1, 2)": stats.cauchy(1, 2),
    "laplace(1, 2)": stats.laplace(1, 2),
    "chi_squared(4)": stats.chi2(4),
    "rayleigh(2)": stats.rayleigh(scale=2),
    "loguniform(1, 1000)": stats.loguniform(1, 1000),
    "normal(0, 1, lower=2, upper=4)": stats.truncnorm(2, 4),
    "normal(10, 2, lower=9, shift=3)": stats.truncnorm(-0.5, float("inf"), 13, 2),
}
DISCRETE = {
    "bernoulli(0.3)": stats.bernoulli(0.3),
    "binomial(40, 0.3)": stats.binom(40, 0.3),
    "binomial(1000000, 0.5)": stats.binom(1000000, 0.5),
    "poisson(4.5)": stats.poisson(4.5),
    "poisson(200000)": stats.poisson(200000),
    "geometric(0.2)": stats.geom(0.2, loc=-1),
    "negative_binomial(3.5, 0.4)": stats.nbinom(3.5, 0.4),
    "hypergeometric(10, 20, 100)": stats.hypergeom(100, 20, 10),
    "discrete_uniform(-2, 6)": stats.randint(-2, 7),
}


def number(value):
    value = float(value)
    return value if value == value and abs(value) != float("inf") else None


def row(text, law, discrete):
    quantiles = [float(law.ppf(p)) for p in PROBABILITIES]
    density = law.pmf if discrete else law.pdf
    return {
        "text": text,
        "mean": number(law.mean()),
        "sd": number(law.std()),
        "quantiles": quantiles,
        "probabilities": [float(law.cdf(x)) for x in quantiles],
        "densities": [number(density(x)) for x in quantiles],
    }


def main():
    rows = [row(text, law, False) for text, law in CONTINUOUS.items()]
    rows += [row(text, law, True) for text, law in DISCRETE.items()]
    content = {"scipy": scipy.__version__, "at": PROBABILITIES, "distributions": rows}
    TARGET.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
