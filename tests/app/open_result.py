"""Open a shipped result as a page does, three times: `python open_result.py FILE (shipped|stored)` prints the CPU seconds.

"stored" puts it into the (empty) store first, where its corpus is known by a fingerprint.
"""

import gzip
import json
import logging
import sys
import time
from typing import Any

from analysis.results import Result
from analysis.store import open_store
from analysis.studies import study as library
from analysis.studies.shipped import shipped_folder, shipped_result
from analysis.studies.study import build_request, find_checkpoint, identify
from app import answers, caching


def asked(name: str) -> tuple[str, Any, list[Any]]:
    """Study, request and checkpoints of a shipped result."""
    document = json.loads(gzip.decompress((shipped_folder() / name).read_bytes()))
    settings = dict(document["request"])
    names = settings.pop("checkpoints")
    return document["study"], build_request(document["study"], names, settings), [find_checkpoint(one) for one in names]


def main(name: str, where: str) -> list[float]:
    """CPU seconds of every opening; nothing that was read before is kept, but what was imported is."""
    study, request, checkpoints = asked(name)
    library.known_corpus_sha256 = lambda *_: "c" * 64
    if where == "stored":
        shipped, identity = _shipped(study, request, checkpoints), identify(study, request, open_store())
        if identity is None:
            raise RuntimeError("The study has no identity.")
        open_store().put(identity.key, shipped.to_document(), shipped.arrays)
    seconds = []
    for _ in range(4):
        caching._read().clear()
        began = time.process_time()
        found, origin = answers.found_result(study, request, checkpoints)
        seconds.append(time.process_time() - began)
        if not isinstance(found, Result) or (origin == "") is not (where == "stored"):
            raise RuntimeError(f"Expected the {where} result, got {found!r} ({origin}).")
    return seconds[1:]


def _shipped(study: str, request: Any, checkpoints: list[Any]) -> Result:
    found = shipped_result(study, request, {one.name: one.sha256 for one in checkpoints})
    if found is None:
        raise RuntimeError("There is no such shipped result.")
    return found


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # streamlit warns that no page is being drawn
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2])))
