"""RSA exactly as printed, one pair at a time; slow, and only for tests and benchmarks."""

from itertools import combinations

import numpy as np
from numpy import ndarray


def dissimilarities(x: ndarray, rdm: str) -> ndarray:
    """1 − cosine, or 1 − Pearson correlation, of every pair of rows: Kriegeskorte et al. 2008."""
    found = []
    for i, j in combinations(range(len(x)), 2):
        a, b = (x[k] - x[k].mean() if rdm == "correlation" else x[k] for k in (i, j))
        found.append(1 - float(np.sum(a * b)) / np.sqrt(float(np.sum(a * a)) * float(np.sum(b * b))))
    return np.array(found)


def ranks(values: ndarray) -> ndarray:
    """Number of smaller values, half of the equal ones, and a half."""
    return np.array([np.sum(values < one) + (np.sum(values == one) + 1) / 2 for one in values])


def spearman(first: ndarray, second: ndarray) -> float:
    """Pearson correlation of ranks."""
    return float(np.corrcoef(ranks(first), ranks(second))[0, 1])


def rho_a(first: ndarray, second: ndarray) -> float:
    """12 xᵀy / (m³ − m) − 3 (m + 1) / (m − 1): Schütt et al. 2023."""
    m = len(first)
    return float(12 * ranks(first) @ ranks(second) / (m**3 - m) - 3 * (m + 1) / (m - 1))
