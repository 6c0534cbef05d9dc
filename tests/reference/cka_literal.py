"""CKA exactly as printed, one sum at a time; slow, and only for tests and benchmarks."""

from itertools import permutations
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor


def biased_cka(x: ndarray, y: ndarray) -> float:
    """HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)), HSIC = tr(KHLH) / (n − 1)²: Kornblith et al. 2019."""
    n = len(x)
    K, L, H = x @ x.T, y @ y.T, np.eye(n) - np.ones((n, n)) / n

    def hsic(K: ndarray, L: ndarray) -> float:
        return float(np.trace(K @ H @ L @ H)) / (n - 1) ** 2

    return hsic(K, L) / np.sqrt(hsic(K, K) * hsic(L, L))


def hsic_u_statistic(K: ndarray, L: ndarray) -> float:
    """Mean of K_ij (L_ij + L_qr − 2 L_iq) over all quadruples of different rows: the U-statistic of Song et al. 2012."""
    rows = [K[i, j] * (L[i, j] + L[q, r] - 2 * L[i, q]) for i, j, q, r in permutations(range(len(K)), 4)]
    return float(np.mean(rows))


def debiased_cka(x: ndarray, y: ndarray) -> float:
    """The ratio of U-statistics of linear kernels."""
    K, L = x @ x.T, y @ y.T
    return hsic_u_statistic(K, L) / np.sqrt(hsic_u_statistic(K, K) * hsic_u_statistic(L, L))


def rbf_gram(x: ndarray, threshold: float) -> ndarray:
    """exp(−D² / (2 t² median(D²))), the median over all n² entries: the code beside Kornblith et al. 2019."""
    squared = np.array([[np.sum((one - other) ** 2) for other in x] for one in x])
    return np.exp(-squared / (2 * threshold**2 * np.median(squared)))


def biased_kernel_cka(K: ndarray, L: ndarray) -> float:
    """The cosine between two kernels, both centred on both sides."""
    H = np.eye(len(K)) - 1 / len(K)
    K, L = H @ K @ H, H @ L @ H
    return float(np.sum(K * L) / np.sqrt(np.sum(K * K) * np.sum(L * L)))


def hsic_of_torch_cka(K: Tensor, L: Tensor) -> float:
    """HSIC₁ with full matrix products, as `torch_cka` 0.21 (AntixK/PyTorch-Model-Compare) computes it; zero diagonals."""
    n = K.shape[0]
    ones = torch.ones(n, 1, dtype=K.dtype)
    result = torch.trace(K @ L)
    result += ((ones.t() @ K @ ones @ ones.t() @ L @ ones) / ((n - 1) * (n - 2))).item()
    result -= ((ones.t() @ K @ L @ ones) * 2 / (n - 2)).item()
    return (1 / (n * (n - 3)) * result).item()


def torch_cka_loop(first: list[Tensor], second: list[Tensor], batches: list[Any]) -> Tensor:
    """Minibatch CKA of all pairs as `torch_cka` 0.21 loops: every pair of every batch by itself, Nguyen et al. 2021, eq. 3."""
    sums = torch.zeros(len(first), len(second), 3, dtype=first[0].dtype)
    for rows in batches:
        for i, x in enumerate(first):
            K = x[rows] @ x[rows].t()
            K.fill_diagonal_(0.0)
            sums[i, :, 0] += hsic_of_torch_cka(K, K) / len(batches)
            for j, y in enumerate(second):
                L = y[rows] @ y[rows].t()
                L.fill_diagonal_(0.0)
                sums[i, j, 1] += hsic_of_torch_cka(K, L) / len(batches)
                sums[i, j, 2] += hsic_of_torch_cka(L, L) / len(batches)
    return sums[:, :, 1] / (sums[:, :, 0].sqrt() * sums[:, :, 2].sqrt())


def davari_limit(x: ndarray, moved: ndarray) -> float:
    """CKA of centred x with itself after the rows `moved` went infinitely far one way: Davari et al. 2022.

    ρ / (1 − ρ) · ‖mean of the moved rows‖² / E‖x‖² · √PR, ρ the share of rows moved.
    """
    x = x - x.mean(axis=0)
    share, values = moved.mean(), np.linalg.eigvalsh(x.T @ x)
    ratio = values.sum() ** 2 / np.sum(values**2)
    distance = np.sum(x[moved].mean(axis=0) ** 2) / np.mean(np.sum(x**2, axis=1))
    return float(share / (1 - share) * distance * np.sqrt(ratio))
