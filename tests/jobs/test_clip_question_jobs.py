"""A question about a recording and another as a job: both are in the store, and memory is asked for both."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis import paths
from analysis.clips.companions import Companions, keep_companions, read_companions
from analysis.clips.questions.question import Question
from analysis.clips.recordings import keep_recording, read_recording, recording_key
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import notes_from_rows
from analysis.jobs.kinds.clip_question import KIND, memory, submit_question
from analysis.jobs.queue import JobQueue
from analysis.store import Store, StoreError, open_store

RATE = 24_000
MEAN = Question("remove", layer=1, head=1)


class Queue(JobQueue):
    """What was submitted; nothing runs."""

    def __init__(self) -> None:
        self.submitted: list[SimpleNamespace] = []

    def submit(self, kind: str, request: Any, **needs: Any) -> str:
        self.submitted.append(SimpleNamespace(kind=kind, request=request, **needs))
        return "a job"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of a test's own."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr("analysis.training.loop.pick_device", lambda: "cpu")
    return open_store()


def recording(name: str, seconds: float = 5.0) -> Waveform:
    samples = np.random.default_rng(len(name)).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    return Waveform(samples, RATE, name, "0" * 64)


def by_another(other: Waveform) -> Question:
    return Question("remove", layer=1, head=1, how="another clip", other=recording_key(other))


def test_the_memory_of_both_recordings_is_asked_for(store: Store, tiny_checkpoint: str) -> None:
    queue = Queue()
    first, other = recording("first"), recording("other", 60.0)
    nothing = "", ""
    submit_question(queue, tiny_checkpoint, first, nothing, MEAN)
    submit_question(queue, tiny_checkpoint, first, nothing, by_another(other), other)
    alone, both = queue.submitted
    assert both.kind == KIND.name
    assert both.needs_bytes - alone.needs_bytes == 3 * 4 * 60 * RATE
    for job in queue.submitted:
        assert memory(job.request, "cpu") == job.needs_bytes
    assert memory(both.request, "cuda:0") == memory(alone.request, "cuda:0")


def test_nothing_that_a_question_needs_is_removed_for_the_rest_of_it(
    store: Store, tiny_checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue()
    first, other = recording("first"), recording("other")
    belongs = keep_companions(store, key := recording_key(first), Companions(notes_from_rows([(0.0, 1.0, 60, 80)])))
    keep_recording(store, recording("an old recording"))  # what is not needed goes first
    n_bytes = 4 * 5 * RATE
    monkeypatch.setenv("OTOSCOPE_STORE_BYTES", str(2 * n_bytes + 10_000))
    store.get(belongs)
    submit_question(queue, tiny_checkpoint, first, (belongs, key), by_another(other), other)
    assert [read_recording(store, recording_key(each)) is not None for each in (first, other)] == [True, True]
    assert read_companions(store, belongs, key) is not None
    assert read_recording(store, recording_key(recording("an old recording"))) is None


def test_a_store_that_cannot_hold_both_is_said_before_a_job_begins(
    store: Store, tiny_checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue()
    first, other = recording("first"), recording("other")
    monkeypatch.setenv("OTOSCOPE_STORE_BYTES", str(round(1.5 * 4 * 5 * RATE)))
    with pytest.raises(StoreError, match="Raise OTOSCOPE_STORE_BYTES"):
        submit_question(queue, tiny_checkpoint, first, ("", ""), by_another(other), other)
    assert queue.submitted == []
