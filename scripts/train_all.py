"""Train arms and their controls alike, several at a time: `python scripts/train_all.py [--arms …] [--seeds 0,1,2]`.

What has ended is kept and what was interrupted goes on, so that the same command can be given again. Seed 0 becomes the
checkpoint `ARM-SCALE` in `--out`; other seeds go to `--runs`, which `OTOSCOPE_CHECKPOINTS` may name for `replication`.
With a GPU, `--jobs 4 --seeds 0,1,2,3,4 --arms D0,d4a4,a4r,d4-a4r` keeps it busy; small models leave room for several at a time.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

ARMS = "D0,d4a4,a4r,d4-a4r,d4a4-zero,d4a4-random,d4a4-shuffled"


def main() -> None:
    """One process per run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arms", default=ARMS, help=f"default {ARMS}")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--steps", default="400")
    parser.add_argument("--scale", default="small")
    parser.add_argument("--corpus", default="full")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time (default: one per core)")
    parser.add_argument("--threads", type=int, default=1, help="per run (default 1)")
    parser.add_argument("--out", type=Path, default=Path("checkpoints"))
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    options = parser.parse_args()
    seeds = options.seeds.split(",")
    todo = [(arm, seed) for seed, arm in product(seeds, options.arms.split(","))]
    with ThreadPoolExecutor(options.jobs) as pool:
        codes = list(pool.map(lambda run: _train(options, *run, first=run[1] == "0"), todo))
    sys.exit(max(codes))


def _train(options: argparse.Namespace, arm: str, seed: str, *, first: bool) -> int:
    """The exit code of one run, 0 where it had ended before."""
    home = options.out / f"{arm}-{options.scale}" if first else options.runs / f"{arm}-{options.scale}-{seed}"
    if (home / "model.safetensors").exists():
        return 0
    home.mkdir(parents=True, exist_ok=True)
    words = ["train", arm, "--seed", seed, "--steps", options.steps, "--scale", options.scale, "--corpus", options.corpus]
    limits = {name: str(options.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    with (home / "train.log").open("w", encoding="utf-8") as log:
        command = [sys.executable, "-m", "analysis.cli", *words, "--out", str(home), "--resume"]
        code = subprocess.run(command, env=os.environ | limits, stdout=log, stderr=subprocess.STDOUT).returncode
    print(f"{home}: {'done' if code == 0 else f'ended with {code}, see {log.name}'}", file=sys.stderr, flush=True)  # noqa: T201
    if code == 0:
        (home / "train.log").unlink()
    return code


if __name__ == "__main__":
    main()
