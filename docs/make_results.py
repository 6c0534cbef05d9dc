"""Compute the results that come with the checkpoints: `python docs/make_results.py [--quick] [--corpus NAME] [STUDY ...]`.

Studies of stress take hours on two CPU cores with the usual settings, which search the canonical pool; `--quick` gives them
smaller pools, as their requests then say, and pages show in what that differs from what they ask.
"""

import argparse
import sys
from typing import Any

from analysis.cli.output import progress_bar
from analysis.store import open_store
from analysis.studies.shipped import ship_result, shipped_folder
from analysis.studies.study import STUDIES, build_request, run_study
from app.controls import SHIPPED, SHIPPED_CONTROLS

FEW: dict[str, Any] = {"windows_per_piece": 4, "n_queries": 96, "pool_size": 64, "n_same_piece": 3, "n_same_composer": 8}
QUICK: dict[str, dict[str, Any]] = {
    "ablation": {"windows_per_piece": 12, "n_queries": 256, "n_same_piece": 11},
    "bands": FEW, "transposition": FEW, "invariance": FEW,
}  # fmt: skip


def main() -> None:
    """One file per study; what was shipped of a study before is removed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", metavar="STUDY")
    parser.add_argument("--corpus", default="full")
    parser.add_argument("--quick", action="store_true", help="smaller pools for the studies of stress")
    options = parser.parse_args()
    for name in options.studies or STUDIES:
        before, made = set(shipped_folder().glob(f"{name}-*")), set()
        for beside in ((), SHIPPED_CONTROLS) if name == "controls" else ((),):
            settings = {"corpus": options.corpus, **(QUICK.get(name, {}) if options.quick else {})}
            request = build_request(name, [*SHIPPED, *beside], settings)
            result = run_study(name, request, store=open_store(), progress=progress_bar(name))
            place = ship_result(result)
            made |= {place, place.with_name(place.name.replace(".json.gz", ".npz"))}
            print(place, f"{result.provenance['seconds']:.0f} s", file=sys.stderr)  # noqa: T201
        for old in before - made:
            old.unlink()


if __name__ == "__main__":
    main()
