"""Make studies.json: what every study answers to its small request. `python tests/golden/make_studies.py [--exact]`

With `--exact` nothing is written: every number is compared with the file to the last bit, which holds on the machine and with
the number of threads with which the file was made (the tests allow what another processor may differ by).
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_name("studies.json")


def main() -> None:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exact", action="store_true")
    options = parser.parse_args()
    with library() as answer_of:
        from analysis.studies.base.registry import study_names

        answers = {study: answer_of(study) for study in study_names()}
    if not options.exact:
        FILE.write_text(json.dumps(answers, indent=0, ensure_ascii=False) + "\n", "utf-8")
        return
    before = json.loads(FILE.read_text("utf-8"))
    differing = [f"{study}: {name}" for study in answers for name in _differing(before[study], answers[study])]
    print("\n".join(differing) or "equal to the last bit")
    sys.exit(bool(differing))


def numbers_of(result: Any) -> dict[str, list[float | None]]:
    """Value, ends of the interval and null by name."""
    return {one.name: [one.value, one.ci_low, one.ci_high, one.null] for one in result.values}


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


@contextmanager
def library() -> Iterator[Callable[[str], dict[str, Any]]]:
    """A function that answers, in a folder of its own."""
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OTOSCOPE_CACHE"] = f"{folder}/cache"
        os.environ["OTOSCOPE_CHECKPOINTS"] = f"{folder}/checkpoints"
        from analysis.studies.base.study import run_study
        from tests import tiny
        from tests.conformance.small_studies import request_of

        corpus = tiny.write_corpus(Path(folder) / "tiny")
        make = tiny.maker_of_checkpoints(Path(folder) / "checkpoints", tiny.NARROW)
        yield lambda study: numbers_of(run_study(study, request_of(study, make, corpus)))


if __name__ == "__main__":
    main()
