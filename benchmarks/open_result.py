"""How long a page takes to open a result, against reading and parsing the same files: processor time, everything warm.

    python benchmarks/open_result.py [--largest 3] [--repeats 3]

Opens the largest shipped results as pages do, from the folder that came with the checkpoints and from the store; nothing is kept
from before but what was imported. Prints seconds of the processor (the least of the repeats) and their ratio to those in which
the files of the result alone are read, unpacked and parsed: what is above 1 is spent on looking the result up and checking it.
"""

import argparse
import gzip
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from analysis import paths
from analysis.store import open_store
from analysis.studies import shipped
from analysis.studies.base import study as library
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import find_checkpoint, identify
from analysis.studies.shipped import shipped_folder
from app import answers, caching


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--largest", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # streamlit warns that no page is being drawn
    library.known_corpus_sha256 = lambda *_: "c" * 64
    names = sorted((path.name for path in shipped_folder().glob("*.json.gz")), key=lambda name: -size(name))[: options.largest]
    print(f"{'result':34} {'from':8} {'opening':>9} {'files':>9} {'ratio':>6}")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            os.environ[paths.CACHE_VARIABLE] = folder
            for where in ("shipped", "stored"):
                report(name, where, options.repeats)


def report(name: str, where: str, repeats: int) -> None:
    """Open one result in one of the two ways, and print a line."""
    study, request, checkpoints = asked(name)
    if where == "stored":
        keep(study, request, checkpoints)
        files = sorted((paths.cache() / "store").glob("*/*/*"))
    else:
        files = [shipped_folder() / name, shipped_folder() / f"{name.removesuffix('.json.gz')}.npz"]

    def opening() -> None:
        caching._read().clear()
        shipped._read_once.cache_clear()
        answered = answers.found_result(answers.study_request(study, request, checkpoints))
        if answered is None or (answered.origin == "") is not (where == "stored"):
            raise RuntimeError(f"Expected the {where} result, got {answered!r}.")

    taken, parsed = cpu_s(opening, repeats), cpu_s(lambda: [parse(path) for path in files], repeats)
    print(f"{name.removesuffix('.json.gz'):34} {where:8} {taken:7.3f} s {parsed:7.3f} s {taken / parsed:6.1f}")


def asked(name: str) -> tuple[str, Any, list[Any]]:
    """Study, request and checkpoints of a shipped result."""
    document = json.loads(gzip.decompress((shipped_folder() / name).read_bytes()))
    settings = dict(document["request"])
    names = settings.pop("checkpoints")
    return document["study"], build_request(document["study"], names, settings), [find_checkpoint(name) for name in names]


def keep(study: str, request: Any, checkpoints: list[Any]) -> None:
    """Put a shipped result into the store."""
    answered = answers.found_result(answers.study_request(study, request, checkpoints))
    identity = identify(study, request, open_store())
    if answered is None or identity is None:
        raise RuntimeError("There is no such shipped result, or its study has no identity.")
    open_store().put(identity.key, answered.result.to_document(), answered.result.arrays)


def parse(path: Path) -> None:
    """Read a file of a result, and no more than that."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            _ = [arrays[name] for name in arrays]
    elif path.suffix == ".npy":
        np.load(path, allow_pickle=False)
    else:
        content = path.read_bytes()
        json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)


def cpu_s(function: Callable[[], Any], repeats: int) -> float:
    """The least seconds of the processor, after one run that is not counted."""
    function()
    seconds = []
    for _ in range(repeats):
        began = time.process_time()
        function()
        seconds.append(time.process_time() - began)
    return min(seconds)


def size(name: str) -> int:
    """Bytes of a shipped result's document, packed."""
    return (shipped_folder() / name).stat().st_size


if __name__ == "__main__":
    main()
