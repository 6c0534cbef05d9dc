"""A queue that runs nothing, a result of the scoreboard, and pages that are opened."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from analysis import paths
from analysis.jobs import queue as jobs
from analysis.jobs.job import Job, JobError, State, canonical
from analysis.jobs.progress import Progress
from analysis.models.families import find_family
from analysis.numbers import Value
from analysis.results import Result
from analysis.rows import tables_of
from analysis.studies.retrieval.rows import PairRow, RanksRow, SearchedPoolRow
from analysis.studies.shared_rows import WindowRow
from app import answers, caching
from app.kit import strips
from app.kit.desk.sounds import Sounds
from tests.app.serving import address, browser, chromium, desk_address, own_profile, page, serve  # noqa: F401 - fixtures of the tests in a browser

EVIL = "**x** <script>alert(1)</script> [a](http://x)"


class Strips:
    """Strips that pages showed, run by run: key, sounds and title."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: list[tuple[str, Sounds, str]] = []
        monkeypatch.setattr(strips, "show_strip", lambda *strip: self.shown.append(strip))

    @property
    def names(self) -> list[str]:
        """Of the variants of the last strip."""
        return [variant.name for variant in self.shown[-1][1].variants]

    def channel(self, name: str) -> np.ndarray:
        """What is heard of a variant of the last strip, without its gain."""
        sounds = self.shown[-1][1]
        number = self.names.index(name)
        samples = soundfile.read(io.BytesIO(sounds.wav), dtype="float32")[0][:, number]
        return samples / 10 ** (sounds.variants[number].gain_db / 20)


class FakeQueue:
    """Jobs as they are told to be."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.cancelled: list[str] = []

    def add(self, state: State = "running", kind: str = "study", request: dict[str, Any] | None = None, **fields: Any) -> Job:
        """A job with a new id, `job1` and so on."""
        asked = {"study": "retrieval", "checkpoints": ["one"], "settings": {"corpus": "small"}, "fresh": False}
        job = Job(f"job{len(self.jobs) + 1}", kind, canonical(request or asked), "cpu", 0, state, 0.0)
        self.jobs[job.id] = replace(job, **fields)
        return self.jobs[job.id]

    def submit(self, kind: str, request: dict[str, Any], **_: Any) -> str:
        return self.add("queued", kind, request).id

    def get(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise JobError(f"There is no job {job_id!r}.")
        return self.jobs[job_id]

    def list(self) -> list[Job]:
        return list(self.jobs.values())

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)


FAMILY = find_family("dual")
DUAL = {"family": "dual", "of_family": FAMILY, "outline": lambda: FAMILY.outline(FAMILY.preset("D0-small"))}


@pytest.fixture
def shown_strips(monkeypatch: pytest.MonkeyPatch) -> Strips:
    """What is played on strips, kept in place of the browser's part."""
    return Strips(monkeypatch)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> FakeQueue:
    """The queue that the pages see."""
    fake = FakeQueue()
    monkeypatch.setattr(jobs, "queue", lambda: fake)
    return fake


@pytest.fixture
def halfway() -> Progress:
    return Progress(380, 760, "one, trained: embedding windows", 21.0, 0.0)


@pytest.fixture
def checkpoint() -> Callable[[str], Any]:
    """A checkpoint that is good for being listed."""

    def named(name: str) -> Any:
        fields = {"arm": "D0", "scale": "small", "config": {}, "training": {}, "evaluation": {}, "history": list, **DUAL}
        return SimpleNamespace(name=name, path=Path("nowhere") / "x", sha256="0123456789abcdef" * 4, seed=0, **fields)

    return named


@pytest.fixture
def checkpoints(monkeypatch: pytest.MonkeyPatch, checkpoint: Callable[[str], Any]) -> list[Any]:
    """The checkpoints that the pages find: one and two."""
    found = [checkpoint("one"), checkpoint("two")]
    monkeypatch.setattr(caching, "checkpoints", lambda: list(found))
    return found


def scoreboard(*names: str, undecided: bool = False) -> Result:
    """What the scoreboard could have found for 4 queries among 16 candidates."""
    values = []
    for name in names:
        for weights, share in (("trained", 0.5), ("untrained", 0.1)):
            for pool in ("canonical", "no overlap"):
                model, low = {"checkpoint": name, "weights": weights, "pool": pool}, 0.05 if undecided else share - 0.08
                ends = (low, share + 0.1, 4)
                values.append(Value({**model, "what": "S"}, share, *ends, 0.0625, "share", "min of R@10 both ways"))
                for way in ("audio to MIDI", "MIDI to audio"):
                    key = {**model, "direction": way}
                    for k in (1, 5, 10):
                        values.append(Value({**key, "what": f"R@{k}"}, share, *ends, k / 160, "share", ""))
                    values.append(Value({**key, "what": "MRR"}, share, *ends, 0.2, "", ""))
                    against = {**key, "what": "accuracy against same piece"}
                    values.append(Value(against, 0.7, 0.6, 0.8, 4, 0.5, "share", ""))
    models: list[Any] = list(product(names, ("trained", "untrained"), ("canonical", "no overlap")))
    arrays: dict[str, Any] = {f"ranks.{i}": np.array([[1, 9, 3, 12], [1, 1, 1, 1]], np.int32) for i in range(len(models))}
    arrays |= {f"instead.{i}": np.array([1, 4, 0, 5], np.int32) for i in range(len(models))}
    for i in range(2):
        arrays |= {f"query.{i}": np.arange(4), f"candidates.{i}": np.tile(np.arange(16), (4, 1)) % 6}
        arrays[f"kind.{i}"] = np.zeros((4, 16), np.int8)
    pairs = [
        PairRow(pool, names[0], other, 0.1, 0.02, 0.18, p, 4)
        for other in names[1:]
        for pool, p in (("canonical", 0.0004), ("no overlap", 0.0321))
    ]
    rows = [
        *(RanksRow(name, weights, pool, f"ranks.{i}", f"instead.{i}") for i, (name, weights, pool) in enumerate(models)),
        SearchedPoolRow("canonical", 0), SearchedPoolRow("no overlap", 1),
        *(WindowRow(f"piece {i}", 10.0 * i) for i in range(6)), *pairs,
    ]  # fmt: skip
    made = {
        "checkpoint_sha256": {name: "ab" * 32 for name in names}, "corpus_sha256": {"demo-small": "cd" * 32},
        "device": "cpu", "dtype": "float32", "seed": 42, "seconds": 61.0,
        "command": f"otoscope study retrieval {' '.join(names)} --set corpus=small",
    }  # fmt: skip
    request = {"checkpoints": list(names), "corpus": "small", "split": "test", "pool_size": 16, "seed": 42}
    said = f"{names[0]} finds the match among the first ten for S = 50.0 % [42.0, 60.0] of 4 queries."
    return Result("retrieval", request, said, values, tables_of(rows), arrays, made)


@pytest.fixture
def result_of() -> Callable[..., Result]:
    return scoreboard


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, checkpoints: list[Any], tmp_path: Path) -> dict[tuple[str, ...], Any]:
    """Stored results by names of the checkpoints; a corpus of two works, the windows of which are not read."""
    found: dict[tuple[str, ...], Any] = {}
    there = tmp_path / "there.wav"
    there.touch()
    fields = {"split": "test", "duration_s": 600.0, "audio_path": there, "stems": ()}
    pieces = {f"piece {i}": SimpleNamespace(piece_id=f"piece {i}", group=f"work {i % 2}", **fields) for i in range(6)}

    def stored_result(asked: answers.StudyRequest) -> answers.Answered | None:
        result = found.get(asked.request.checkpoints)
        return None if result is None else answers.Answered(result, "k" * 64)

    monkeypatch.setattr(answers, "stored_result", stored_result)
    monkeypatch.setattr(caching, "pieces", lambda corpus: pieces)
    monkeypatch.setattr(caching, "excerpt", lambda path, start_s, stop_s, sample_rate: f"{start_s}".encode())
    return found


@pytest.fixture
def evil() -> str:
    """A name that Markdown and HTML would obey."""
    return EVIL


@pytest.fixture
def obeyed() -> Callable[[str], list[str]]:
    """What Markdown would obey of that name in a text."""
    return lambda text: re.findall(r"(?<!\\)(?:\*\*x|<script|\[a\]\(|https?://)", text)


def run_page(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


@pytest.fixture
def ran() -> Callable[[AppTest], AppTest]:
    """Run a page again, in which nothing may fail."""
    return run_page


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """Run a script of the app for the first time, with parameters in the address."""

    def opened(script: str, **parameters: Any) -> AppTest:
        app = AppTest.from_file(str(paths.repository() / "app" / script), default_timeout=300)
        app.query_params.update(parameters)
        return run_page(app)

    return opened


@pytest.fixture
def press() -> Callable[[AppTest, str], AppTest]:
    """Press the button of that label."""

    def pressed(app: AppTest, label: str) -> AppTest:
        next(button for button in app.button if button.label == label).click()
        return run_page(app)

    return pressed


@pytest.fixture
def labels() -> Callable[[AppTest], list[str]]:
    """What is written on the buttons, but for the one that draws a clip in the other way."""
    return lambda app: [button.label for button in app.button if button.key != "draw"]


def ways_of(app: AppTest) -> list[tuple[str, str, dict[str, list[str]]]]:
    links = [one.proto for one in app.get("page_link")]
    return [(link.label, link.page, parse_qs(link.query_string)) for link in links]


@pytest.fixture
def ways() -> Callable[[AppTest], list[tuple[str, str, dict[str, list[str]]]]]:
    """The ways to other pages: what is written on them, the page, and what is said in its address."""
    return ways_of
