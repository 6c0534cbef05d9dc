"""Results that pages open: found by all that decides them, and in little time where they are stored or came with the library."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis import paths
from analysis.models.checkpoint import open_checkpoint
from analysis.studies import study as library
from analysis.studies.shipped import shipped_folder
from analysis.studies.study import build_request
from app import answers, caching, controls

SCRIPT = Path(__file__).with_name("open_result.py")
MOST_CPU_S = 0.3
RESULTS = sorted(path.name for path in shipped_folder().glob("*.json.gz"))
LARGEST = sorted(RESULTS, key=lambda name: -(shipped_folder() / name).stat().st_size)[:3]


asked = runpy.run_path(str(SCRIPT))["asked"]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty store, the shipped checkpoints, and nothing read yet."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.delenv("OTOSCOPE_CHECKPOINTS", raising=False)
    caching._read().clear()
    yield
    caching._read().clear()


def cpu_s(name: str, where: str) -> float:
    """CPU seconds in which a process of its own opens a result, its imports being warm; annotations are not checked there.

    The least of three: a collection of garbage may fall into one of them.
    """
    command = [sys.executable, str(SCRIPT), name, where]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(paths.repository())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    seconds = json.loads(done.stdout)
    assert len(seconds) == 3
    return min(seconds)


@pytest.mark.parametrize("where", ["shipped", "stored"])
@pytest.mark.parametrize("name", LARGEST)
def test_a_result_opens_within_0_3_s_of_computation(name: str, where: str) -> None:
    assert cpu_s(name, where) < MOST_CPU_S


def test_the_same_weights_under_another_configuration_share_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    monkeypatch.setattr(library, "stored_result", lambda *_: read.append(len(read)) or f"result {len(read)}")
    one = open_checkpoint(paths.repository() / "checkpoints" / "D0-small")
    request = build_request("scoreboard", ["D0-small"], {})
    others = [
        replace(one, config={**one.config, "n_heads": 4}), replace(one, training={"seed": 77}), replace(one, sha256="0" * 64),
    ]  # fmt: skip
    found = [answers.stored_result("scoreboard", request, [which]) for which in (one, *others, one)]
    assert found == ["result 1", "result 2", "result 3", "result 4", "result 1"]


def test_a_shipped_result_is_that_of_the_shipped_configuration() -> None:
    study, request, checkpoints = asked(next(name for name in RESULTS if name.startswith("scoreboard")))
    assert answers.found_result(study, request, checkpoints)[0] is not None
    altered = [replace(checkpoints[0], config={**checkpoints[0].config, "n_heads": 4}), *checkpoints[1:]]
    assert answers.found_result(study, request, altered) == (None, "")


def test_every_page_has_shipped_results_to_open() -> None:
    assert len(RESULTS) >= 10
    assert set(asked(RESULTS[0])[1].checkpoints) <= set(controls.SHIPPED)
