"""Writes joe_kuo.txt from the table that SciPy carries: python joe_kuo.py > joe_kuo.txt

The numbers are those of S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better
two-dimensional projections", SIAM J. Sci. Comput. 30, 2635-2654 (2008), list new-joe-kuo-6.
"""

import pathlib

import numpy
import scipy.stats

DIMENSIONS = 1024

folder = pathlib.Path(scipy.stats.__file__).parent
table = numpy.load(folder / "_sobol_direction_numbers.npz")
print("# Primitive polynomials (as bits, with both ends) and initial direction numbers of the first")
print(f"# {DIMENSIONS} dimensions of new-joe-kuo-6 (S. Joe and F. Y. Kuo, SIAM J. Sci. Comput. 30, 2008).")
print("# The first dimension is the van der Corput sequence. Made by joe_kuo.py.")
for polynomial, initial in zip(table["poly"][:DIMENSIONS], table["vinit"][:DIMENSIONS]):
    degree = int(polynomial).bit_length() - 1
    print(int(polynomial), *(int(m) for m in initial[: max(degree, 1)]))
