"""Compute the results that come with the checkpoints: `python docs/make_results.py [--quick] [--jobs N] [--reword] [STUDY ...]`.

Studies of stress take hours on two CPU cores with the usual settings, which search the canonical pool; `--quick` gives them
smaller pools, as their requests then say, and pages show in what that differs from what they ask. With `--jobs`, their parts are
computed beforehand by so many processes at a time, from which the store then gives them. Replication is made twice: of the
checkpoints, and of all their training seeds where `OTOSCOPE_CHECKPOINTS` names a folder that holds them. `--reword` computes
nothing: what is there gets the headline and the sentences that today's code makes of its numbers.
"""

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from analysis import paths
from analysis.cli.output import progress_bar
from analysis.run import RunContext
from analysis.store import open_store
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.base.requests import build_request, command_of
from analysis.studies.base.study import run_study
from analysis.studies.rewording import reworded, shipped_checkpoints
from analysis.studies.shipped import (
    SHIPPED,
    SHIPPED_CONTROLS,
    SHIPPED_FAMILIES,
    ship_result,
    shipped_folder,
    shipped_results,
)
from analysis.studies.stress.changes import CHANGES

LISTENING = ("onsets", "structure", "tokens")
TRANSFORMERS = tuple(name for name in SHIPPED_FAMILIES if name != "phalar-small")  # whose frames have thousands of numbers


def main() -> None:
    """One file per study; what was shipped of a study before is removed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", metavar="STUDY")
    parser.add_argument("--corpus", default="full")
    parser.add_argument("--quick", action="store_true", help="smaller pools for the studies of stress")
    parser.add_argument("--jobs", type=int, default=0, help="processes that compute parts beforehand (default: none)")
    parser.add_argument("--reword", action="store_true", help="say what is there in today's words, without computing it")
    options = parser.parse_args()
    studies = options.studies or [name for name in study_names() if find_study(name).has_demo]
    if options.reword:
        reword(studies)
        return
    settings = {name: {"corpus": options.corpus, **(find_study(name).quick if options.quick else {})} for name in studies}
    if options.jobs:
        commands = [part for name in studies for part in parts(name, settings[name])]
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(lambda command: subprocess.run(command, stdout=subprocess.DEVNULL, check=True), commands))
    for name in studies:
        before, made = set(shipped_folder().glob(f"{name}-*")), set()
        for checkpoints in sets(name):
            request = build_request(name, checkpoints, settings[name])
            result = run_study(name, request, store=open_store(), context=RunContext(progress_bar(name)))
            path = ship_result(result)
            made |= {path, path.with_name(path.name.replace(".json.gz", ".npz"))}
            print(path, f"{result.provenance['seconds']:.0f} s", file=sys.stderr)  # noqa: T201
        for old in before - made:
            old.unlink()


def reword(studies: Sequence[str]) -> None:
    """Write the shipped results of these studies anew, with the same numbers and today's words."""
    for before in (result for name in studies for result in shipped_results(name)):
        if (after := reworded(before, shipped_checkpoints(before))) != before:
            print(ship_result(after), file=sys.stderr)  # noqa: T201


def sets(study: str) -> tuple[tuple[str, ...], ...]:
    """Selections of checkpoints, a result each: the four arms, and what the study is about."""
    if study == "controls":
        return SHIPPED, (*SHIPPED, *SHIPPED_CONTROLS)
    if study == "stems":
        return SHIPPED, find_study(study).usual
    if study in LISTENING:
        return SHIPPED, TRANSFORMERS
    seeds = sorted(path.parent.name for root in paths.checkpoint_roots() for path in root.glob("*-small-*/config.json"))
    return (SHIPPED, (*SHIPPED, *seeds)) if study == "replication" and seeds else (SHIPPED,)


def parts(study: str, settings: dict[str, Any]) -> Iterator[list[str]]:
    """Commands that together leave in the store most of what a study of stress computes."""
    of: dict[str, list[tuple[tuple[str, ...], dict[str, Any]]]] = {
        "transposition": [(SHIPPED, {"semitones": size}) for size in ("1", "3", "6", "12", "24")],
        "invariance": [(SHIPPED, {"changes": change.name}) for change in reversed(CHANGES)],
        "bands": [((name,), {}) for name in SHIPPED], "ablation": [((name,), {}) for name in SHIPPED],
    }  # fmt: skip
    for checkpoints, some in of.get(study, []):
        request = build_request(study, checkpoints, {**settings, **some})
        yield [sys.executable, "-m", "analysis.cli", *shlex.split(command_of(study, request))[1:]]


if __name__ == "__main__":
    main()
