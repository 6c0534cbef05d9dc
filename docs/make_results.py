"""Compute the results that come with the shipped checkpoints: `python docs/make_results.py [--corpus NAME] [STUDY ...]`."""

import argparse
import sys

from analysis.cli.output import progress_bar
from analysis.store import open_store
from analysis.studies.shipped import ship_result
from analysis.studies.study import STUDIES, build_request, run_study
from app.controls import SHIPPED, SHIPPED_CONTROLS


def main() -> None:
    """One file per study, with the usual settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", metavar="STUDY")
    parser.add_argument("--corpus", default="full")
    options = parser.parse_args()
    for name in options.studies or STUDIES:
        for beside in ((), SHIPPED_CONTROLS) if name == "controls" else ((),):
            request = build_request(name, [*SHIPPED, *beside], {"corpus": options.corpus})
            result = run_study(name, request, store=open_store(), progress=progress_bar(name))
            print(ship_result(result), f"{result.provenance['seconds']:.0f} s", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
