"""How long a recording of many windows or many tokens takes from the store to the bytes that the browser is sent.

    python benchmarks/long_clip.py [--repeats 3]

What a tower did is made up at random, in the shapes that ten minutes, or 2,400 tokens of 8 heads, give; no model runs. Beside
each line stands the load of the machine, which lengthens every number.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from analysis.clips import model_lanes
from analysis.clips.reading import ClipReading
from analysis.clips.store import put_reading, read_reading
from analysis.clips.wall import head_wall
from analysis.store import Store
from app.kit.desk.packing import pack
from tests.clips.large_readings import RandomPatterns, Size, a_large_reading

SIZES = (Size(600.0, 188), Size(30.0, 2400), Size(600.0, 2400))
KEYS = ("0" * 64, "1" * 64)
LAYER, HEAD = 2, 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            measure(size, Store(Path(folder)), options.repeats)


def measure(size: Size, store: Store, repeats: int) -> None:
    """Open a reading and its twin's, make their lanes, and pack them."""
    for seed, key in enumerate(KEYS):
        put_reading(store, key, a_large_reading(size, seed))
    what = f"{size.seconds:g} s, {size.n_tokens:,} tokens, {size.n_layers} layers of {size.n_heads} heads"
    trained, twin = (read_reading(store, key) for key in KEYS)
    if trained is None or twin is None:
        raise SystemExit("The store does not hold what was put there.")
    say(f"{what}: opening both", repeats, lambda: [read_reading(store, key) for key in KEYS])
    patterns = RandomPatterns(size, 1)
    say(f"{what}: lanes and bytes", repeats, lambda: sent(size, patterns, trained, twin))
    print(f"{what}: {len(sent(size, patterns, trained, twin)) / 1e6:.2f} MB are sent")


def sent(size: Size, patterns: RandomPatterns, trained: ClipReading, twin: ClipReading) -> bytes:
    """What the browser is sent of them; of the recording itself less."""
    lanes = [
        model_lanes.received_lane(trained, twin, LAYER, size.seconds / 2),
        model_lanes.attention_lane(patterns, trained, LAYER, HEAD, size.seconds / 2),
        model_lanes.similarity_lane(trained, LAYER),
        model_lanes.novelty_lane(trained, twin, LAYER),
    ]
    return pack(lanes, size.seconds, head_wall(trained, 0))


def say(what: str, repeats: int, action: Callable[[], object]) -> None:
    """The median time of an action."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        taken.append(1000 * (time.perf_counter() - began))
    print(f"{what:62} {median(taken):8.0f} ms   (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)", flush=True)


if __name__ == "__main__":
    main()
