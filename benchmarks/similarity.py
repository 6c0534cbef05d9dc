"""How much faster than plain loops: CKA of 12 × 12 layers of 2,048 rows, and RSA of 16 pairs of RDMs of 1,000 rows.

    python benchmarks/similarity.py [--layers 12] [--rows 2048] [--width 256] [--batch 256] [--threads 2]

Both sides of every line get the same arrays and give the same numbers (the largest difference is printed). The loop for CKA is
the estimator of torch_cka 0.21 as it is, in fp64 on centred rows; for RSA it is rsatoolbox if it is installed, pair by pair and
with all RDMs at once, else a loop. Other work on the machine lengthens every number: the load stands beside.
"""

import argparse
import importlib.util
import os
import runpy
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from analysis.measures.cka import cka_matrix, deal_batches, minibatch_cka_matrix
from analysis.measures.layer_grids import grid
from analysis.measures.registry import MEASURES

TESTS = Path(__file__).resolve().parents[1] / "tests"
SEED = 0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("layers", 12), ("rows", 2048), ("width", 256), ("batch", 256), ("threads", 2), ("rsa-rows", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--skip-full", action="store_true", help="leave out the loop over all rows at once, which takes minutes")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(SEED)
    shared = rng.standard_normal((options.rows, 20))

    def layer() -> np.ndarray:
        noise = 2 * rng.standard_normal((options.rows, options.width))
        return np.maximum(shared @ rng.standard_normal((20, options.width)) + noise + 1, 0).astype(np.float32)

    first, second = ([layer() for _ in range(options.layers)] for _ in range(2))
    cka(first, second, options)
    rsa(rng, options)


def cka(first: list[np.ndarray], second: list[np.ndarray], options: argparse.Namespace) -> None:
    """Both ways of all pairs: in batches, and with all rows as one batch."""
    loop = SimpleNamespace(**runpy.run_path(str(TESTS / "reference" / "cka_literal.py"))).torch_cka_loop
    one, other = ([torch.from_numpy(x - x.mean(axis=0, dtype=np.float64)) for x in side] for side in (first, second))
    batch = deal_batches(options.rows, options.batch, SEED)
    batches = [torch.nonzero(batch == number)[:, 0] for number in range(int(batch.max()) + 1)]
    shape = f"{options.layers} × {options.layers} layers, n = {options.rows:,}, p = {options.width}"
    fast, fast_s = timed(lambda: minibatch_cka_matrix(first, second, batch_size=options.batch, seed=SEED), 3)
    slow, slow_s = timed(lambda: loop(one, other, batches))
    report(f"minibatch CKA, {shape}, batches of {options.batch}", "loop of torch_cka", slow_s, fast_s, slow - fast)
    if not options.skip_full:
        fast, fast_s = timed(lambda: cka_matrix(first, second), 3)
        slow, slow_s = timed(lambda: loop(one, other, [torch.arange(options.rows)]))
        report(f"debiased CKA, {shape}, all rows", "loop of torch_cka", slow_s, fast_s, slow - fast)


def rsa(rng: np.random.Generator, options: argparse.Namespace) -> None:
    """4 × 4 RDMs, correlation distance, ρ_a."""
    sides = [[rng.standard_normal((options.rsa_rows, 64)) for _ in range(4)] for _ in range(2)]
    one = MEASURES["RSA, correlation, rho-a"]

    def ours() -> Any:
        first, second = (one.prepare(torch.stack([one.matrix(x) for x in side]), None) for side in sides)
        return grid(first, second).numpy()

    fast, fast_s = timed(ours, 3)
    known = importlib.util.find_spec("rsatoolbox") is not None
    others = {"rsatoolbox, pair by pair": rsatoolbox_loop, "rsatoolbox, all at once": rsatoolbox_at_once}
    for name, other in (others if known else {"loop over pairs": loop_over_pairs}).items():
        slow, slow_s = timed(lambda other=other: other(sides))
        report(f"RSA, 16 pairs of RDMs, n = {options.rsa_rows:,}", name, slow_s, fast_s, slow - fast)


def rsatoolbox_loop(sides: list[list[np.ndarray]]) -> np.ndarray:
    """Every pair of data sets as the package's guide has it: RDMs, then their comparison."""
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm, compare

    def value(x: np.ndarray, y: np.ndarray) -> float:
        pair = [calc_rdm(Dataset(side), method="correlation") for side in (x, y)]
        return float(compare(*pair, method="rho-a")[0, 0])

    return np.array([[value(x, y) for y in sides[1]] for x in sides[0]])


def rsatoolbox_at_once(sides: list[list[np.ndarray]]) -> np.ndarray:
    """Every RDM computed once, and all compared in one call."""
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm, compare

    first, second = (calc_rdm([Dataset(x) for x in side], method="correlation") for side in sides)
    return compare(first, second, method="rho-a")


def loop_over_pairs(sides: list[list[np.ndarray]]) -> np.ndarray:
    """Every pair of data sets by NumPy and SciPy: RDMs, ranks, ρ_a."""
    from scipy.stats import rankdata

    def ranks(x: np.ndarray) -> np.ndarray:
        return rankdata((1 - np.corrcoef(x))[np.triu_indices(len(x), 1)])

    def value(x: np.ndarray, y: np.ndarray) -> float:
        first, second = ranks(x), ranks(y)
        m = len(first)
        return float(12 * (first / (m**3 - m)) @ second - 3 * (m + 1) / (m - 1))

    return np.array([[value(x, y) for y in sides[1]] for x in sides[0]])


def timed(work: Callable[[], Any], times: int = 1) -> tuple[Any, float]:
    """What it gives, and the least seconds it took."""
    best, found = float("inf"), None
    for _ in range(times):
        began = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - began)
    return found, best


def report(what: str, other: str, slow_s: float, fast_s: float, difference: Any) -> None:
    """One line: both times, their ratio, and how far apart the numbers are."""
    apart = float(abs(torch.as_tensor(difference)).max())
    print(f"{what}\n  {other} {slow_s:.2f} s, here {fast_s:.3f} s: {slow_s / fast_s:.3g} times as fast", end=" ")
    print(f"(largest difference {apart:.0e}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)", flush=True)


if __name__ == "__main__":
    main()
