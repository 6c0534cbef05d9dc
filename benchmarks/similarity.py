"""How much faster than other packages and plain loops, and as right: CKA of 12 × 12 layers, RSA of 16 pairs of RDMs.

    pip install --no-deps --target PEERS pytorch-cka==1.1.3 rsatoolbox==0.3.2 h5py scikit-image imageio lazy_loader
    PYTHONPATH=.:PEERS python benchmarks/similarity.py [--layers 12] [--threads 2] [--repeats 15]

All sides of a line get the same arrays and take turns; of every side the least of the repeats counts, in seconds of the clock and
of the processor, which other work on the machine lengthens less. The load stands beside, and the largest difference of the
numbers. Without its peers a line is left out, but for RSA, where a loop stands in. The loop for CKA is the estimator of torch_cka
0.21 as it is, on centred rows: pytorch-cka and torch_cka centre nothing, which the last table shows. pytorch-cka is given a list
of layers and a stack of them, of which the faster counts.
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

from analysis.measures.batches import deal_batches
from analysis.measures.cka import cka_matrix, minibatch_cka_matrix
from analysis.measures.layer_grids import grid
from analysis.measures.registry import MEASURES

TESTS = Path(__file__).resolve().parents[1] / "tests"
SEED, SIZES, MEANS = 0, ((256, 768), (1024, 256)), (0, 10, 100, 1000)
LOOP_FLOPS = 2e11  # of a product of two Gram matrices of every pair: loops that take more run once, and not with --skip-full
Layers = list[np.ndarray]
loop = SimpleNamespace(**runpy.run_path(str(TESTS / "reference" / "cka_literal.py"))).torch_cka_loop


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    defaults = {"layers": 12, "rows": 2048, "width": 256, "batch": 256, "threads": 2, "rsa-rows": 1000, "repeats": 15}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--skip-full", action="store_true", help="leave out loops over all of many rows, which take minutes")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(SEED)
    for n, p in SIZES:
        all_rows(drawn(rng, n, p, options.layers), drawn(rng, n, p, options.layers), options)
    minibatches(*(drawn(rng, options.rows, options.width, options.layers) for _ in range(2)), options)
    rsa(rng, options)
    uncentred(rng, options.layers)


def drawn(rng: np.random.Generator, n: int, p: int, layers: int) -> Layers:
    """Activations that share a part, in fp32 and not below zero."""
    shared = rng.standard_normal((n, 20))
    noise = (2 * rng.standard_normal((n, p)) for _ in range(layers))
    return [np.maximum(shared @ rng.standard_normal((20, p)) + part + 1, 0).astype(np.float32) for part in noise]


def all_rows(first: Layers, second: Layers, options: argparse.Namespace) -> None:
    """Debiased CKA of all pairs, all rows as one batch."""
    n, p = first[0].shape
    what = f"debiased CKA, {len(first)} × {len(second)} layers, n = {n:,}, p = {p}"
    sides: dict[str, Callable[[], Any]] = {"here": lambda: cka_matrix(first, second)}
    if importlib.util.find_spec("cka") is not None:
        from cka import cka_from_features  # pyright: ignore[reportMissingImports]

        lists = [[torch.from_numpy(x) for x in side] for side in (first, second)]
        stacks = [torch.stack(side) for side in lists]
        sides |= {"pytorch-cka": lambda: cka_from_features(*lists), "pytorch-cka, stacked": lambda: cka_from_features(*stacks)}
    report(what, taking_turns(sides, options.repeats))
    long = 2 * n**3 * len(first) * len(second) > LOOP_FLOPS
    if not (long and options.skip_full):
        report(what, taking_turns(sides_and_loops(sides["here"], first, second, [torch.arange(n)]), 1 if long else 3))


def sides_and_loops(here: Callable[[], Any], first: Layers, second: Layers, batches: list[Any]) -> dict[str, Callable[[], Any]]:
    """With the loop of torch_cka in its own fp32 and in fp64."""
    centred = [[torch.from_numpy(x - x.mean(axis=0, dtype=np.float64)) for x in side] for side in (first, second)]
    single = [[x.float() for x in side] for side in centred]
    return {
        "here": here,
        "loop of torch_cka, fp32": lambda: loop(*single, batches),
        "loop of torch_cka, fp64": lambda: loop(*centred, batches),
    }


def minibatches(first: Layers, second: Layers, options: argparse.Namespace) -> None:
    """CKA from batches."""
    batch = deal_batches(len(first[0]), options.batch, SEED)
    batches = [torch.nonzero(batch == number)[:, 0] for number in range(int(batch.max()) + 1)]
    works = sides_and_loops(
        lambda: minibatch_cka_matrix(first, second, batch_size=options.batch, seed=SEED), first, second, batches
    )
    report(f"minibatch CKA, n = {options.rows:,}, p = {options.width}, batches of {options.batch}", taking_turns(works, 3))


def uncentred(rng: np.random.Generator, layers: int) -> None:
    """What independent features, which have a CKA of 0 with others and of 1 with themselves, are given when they have a mean."""
    n, p = SIZES[-1]
    plain = [[rng.standard_normal((n, p)) for _ in range(layers)] for _ in range(2)]
    ways: dict[str, Callable[[Layers, Layers], Any]] = {"here": cka_matrix}
    if importlib.util.find_spec("cka") is not None:
        from cka import cka_from_features  # pyright: ignore[reportMissingImports]

        ways["pytorch-cka"] = lambda *sides: cka_from_features(*([torch.from_numpy(x) for x in side] for side in sides))
    few = [side[:2] for side in plain]
    print(
        f"independent features, n = {n:,}, p = {p}, fp32: mean |CKA| of different layers, largest, least of a layer with itself"
    )
    for mean in MEANS:
        for name, way in ways.items():
            sides = [[(x + mean).astype(np.float32) for x in side] for side in plain]
            print(f"  mean {mean:5}  {name:18} {summary(way(*sides), way(sides[0], sides[0]))}")
        tensors = [[torch.from_numpy((x + mean).astype(np.float32)) for x in side] for side in few]
        rows = [torch.arange(n)]
        cross, own = loop(*tensors, rows), loop(tensors[0], tensors[0], rows)
        print(f"  mean {mean:5}  {'loop of torch_cka':18} {summary(cross, own)} (of 2 × 2 layers)")


def summary(cross: Any, own: Any) -> str:
    """Three numbers of a table of layers with others and one of layers with themselves."""
    cross, diagonal = torch.as_tensor(cross).abs(), torch.as_tensor(own).diagonal()
    return f"{float(cross.mean()):.4f}  {float(cross.max()):.4f}  {float(diagonal.min()):.4f}"


def rsa(rng: np.random.Generator, options: argparse.Namespace) -> None:
    """4 × 4 RDMs, correlation distance, ρ_a."""
    sides = [[rng.standard_normal((options.rsa_rows, 64)) for _ in range(4)] for _ in range(2)]
    measure = MEASURES["RSA, correlation, rho-a"]

    def ours() -> Any:
        first, second = (measure.prepare(torch.stack([measure.matrix(x) for x in side]), None) for side in sides)
        return grid(first, second).numpy()

    known = importlib.util.find_spec("rsatoolbox") is not None
    others = {"rsatoolbox, all at once": rsatoolbox_at_once} if known else {"loop over pairs": loop_over_pairs}
    works = {"here": ours} | {name: lambda other=other: other(sides) for name, other in others.items()}
    report(f"RSA, 16 pairs of RDMs, n = {options.rsa_rows:,}", taking_turns(works, 3))
    if known:
        works = {"here": ours, "rsatoolbox, pair by pair": lambda: rsatoolbox_loop(sides)}
        report(f"RSA, 16 pairs of RDMs, n = {options.rsa_rows:,}", taking_turns(works, 3))


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


def taking_turns(works: dict[str, Callable[[], Any]], times: int) -> dict[str, tuple[Any, float, float]]:
    """What each gives, and the least seconds it took of the clock and of the processor, after one turn to warm up."""
    least: dict[str, tuple[Any, float, float]] = {}
    if times > 1:
        for work in works.values():
            work()
    for _ in range(times):
        for name, work in works.items():
            clock, cpu = time.perf_counter(), time.process_time()
            made = work()
            clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
            _, least_clock, least_cpu = least.get(name, (None, clock, cpu))
            least[name] = made, min(clock, least_clock), min(cpu, least_cpu)
    return least


def report(what: str, made_by: dict[str, tuple[Any, float, float]]) -> None:
    """A line for every other side: both times, their ratios, and how far apart the numbers are."""
    mine, clock, cpu = made_by.pop("here")
    print(f"{what}\n  here {clock:.4f} s ({cpu:.4f} s of processor); load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, (theirs, their_clock, their_cpu) in made_by.items():
        apart = float((torch.as_tensor(theirs) - torch.as_tensor(mine)).abs().max())
        print(f"  {name} {their_clock:.4f} s ({their_cpu:.4f} s): here {their_clock / clock:.3g} ", end="")
        print(f"({their_cpu / cpu:.3g}) times as fast, largest difference {apart:.0e}", flush=True)


if __name__ == "__main__":
    main()
