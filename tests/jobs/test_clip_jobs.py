"""A long clip as a job: what it is asked, what it leaves in the store, and how it is stopped."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import paths
from analysis.clips.cost import size_of
from analysis.clips.read import read_clip
from analysis.clips.reading import ClipReading
from analysis.clips.recordings import keep_recording, recording_key
from analysis.clips.store import read_reading, reading_key
from analysis.datasets.audio import Waveform
from analysis.errors import Cancelled, CheckpointError, ConfigError
from analysis.jobs.kinds import clip as clips
from analysis.jobs.kinds.clip import submit_clip
from analysis.jobs.kinds.clip_memory import needs_bytes, result_bytes
from analysis.jobs.log import JobLog
from analysis.jobs.queue import JobQueue
from analysis.models.checkpoint import Checkpoint
from analysis.run import RunContext
from analysis.store import StoreError, open_store
from analysis.studies.base.study import find_checkpoint
from analysis.studies.memory import LIBRARIES_BYTES, weights_bytes, window_bytes

TIMEOUT_S = 120.0


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of a test's own, for this process and its workers."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path / "cache"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JobQueue]:
    jobs = JobQueue(log=JobLog(tmp_path / "jobs.jsonl"))
    yield jobs
    jobs.shutdown()


@pytest.fixture
def checkpoint(tiny_checkpoint: str) -> Checkpoint:
    return find_checkpoint(tiny_checkpoint)


def recording(seconds: float = 9.1, sample_rate: int = 24_000) -> Waveform:
    samples = np.random.default_rng(5).normal(0, 0.1, round(seconds * sample_rate)).astype(np.float32)
    return Waveform(samples, sample_rate, "noise.wav", "0" * 64)


def stored(checkpoint: Checkpoint, wave: Waveform, *, twin: bool) -> ClipReading | None:
    return read_reading(open_store(), reading_key(checkpoint, recording_key(wave), twin=twin, device="cpu"))


def assert_same(found: ClipReading | None, expected: ClipReading) -> None:
    assert found is not None
    # A worker may compute with other threads than this process, so that sums end in other bits.
    for ours, its in zip(found.states, expected.states, strict=True):
        np.testing.assert_allclose(ours.cells, its.cells, rtol=1e-4, atol=1e-5)
    for its in expected.layers:
        np.testing.assert_allclose(found.layer(its.layer).use.received, its.use.received, rtol=1e-4, atol=1e-7)
        assert asdict(found.spread(its.layer)) == pytest.approx(asdict(expected.spread(its.layer)), rel=1e-4)


def test_a_worker_reads_both_models_and_stores_what_a_page_would_have_computed(
    server: JobQueue, tiny_checkpoint: str, checkpoint: Checkpoint
) -> None:
    wave = recording()
    job = server.wait(submit_clip(server, tiny_checkpoint, wave), TIMEOUT_S)
    assert (job.state, job.message) == ("done", "")
    assert job.request == {"checkpoint": tiny_checkpoint, "clip": recording_key(wave), "twin": True, "overlap": "none"}
    assert job.document == {
        "store_keys": [reading_key(checkpoint, recording_key(wave), twin=twin, device="cpu") for twin in (False, True)]
    }
    assert_same(stored(checkpoint, wave, twin=False), read_clip(checkpoint.model(), wave))
    assert_same(stored(checkpoint, wave, twin=True), read_clip(checkpoint.untrained_twin(), wave))


def read(checkpoint: str, wave: Waveform, context: RunContext, *, twin: bool = True) -> Any:
    return clips.clip({"checkpoint": checkpoint, "clip": keep_recording(open_store(), wave), "twin": twin}, context)


def test_progress_counts_the_windows_of_both(tiny_checkpoint: str) -> None:
    told: list[tuple[int, int, str]] = []
    read(tiny_checkpoint, recording(), RunContext(progress=lambda *news: told.append(news)))
    whole = [(3, 6, "tiny, trained: reading windows"), (6, 6, "tiny, untrained twin: reading windows")]
    assert [news for news in told if news[0] in (3, 6)] == whole
    told.clear()
    read(tiny_checkpoint, recording(), RunContext(progress=lambda *news: told.append(news)))
    assert told == []  # stored already


def test_without_the_twin_only_the_model_reads(tiny_checkpoint: str, checkpoint: Checkpoint) -> None:
    wave = recording(1.0)
    assert len(read(tiny_checkpoint, wave, RunContext(), twin=False)["store_keys"]) == 1
    assert stored(checkpoint, wave, twin=False) is not None
    assert stored(checkpoint, wave, twin=True) is None


def test_a_cancelled_job_keeps_the_model_that_has_read_it_all(tiny_checkpoint: str, checkpoint: Checkpoint) -> None:
    wave, context = recording(), RunContext()

    def stop_in_the_second(done: int, total: int, what: str) -> None:
        if done == 3:
            context.cancel.request()

    context.progress = stop_in_the_second
    with pytest.raises(Cancelled):
        read(tiny_checkpoint, wave, context)
    assert stored(checkpoint, wave, twin=False) is not None
    assert stored(checkpoint, wave, twin=True) is None


def test_a_running_job_can_be_cancelled(
    server: JobQueue, tiny_checkpoint: str, eventually: Callable[[Callable[[], Any]], None]
) -> None:
    """At once, while its worker still loads what it needs: the tiny model reads ten minutes in less than a second."""
    job_id = submit_clip(server, tiny_checkpoint, recording(600.0))
    eventually(lambda: server.get(job_id).state == "running")
    server.cancel(job_id)
    assert server.wait(job_id, TIMEOUT_S).state == "cancelled"


@pytest.mark.parametrize(
    "request_",
    [
        {"checkpoint": "a", "clip": "b"},
        {"checkpoint": "a", "clip": "b", "twin": 1},
        {"checkpoint": 3, "clip": "b", "twin": True},
        {"checkpoint": "a", "clip": "b", "twin": True, "fresh": True},
    ],
)
def test_a_wrong_request_is_refused(request_: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"The request of a clip holds checkpoint \(a name\).* got \{'checkpoint'"):
        clips.clip(request_, RunContext())


def test_what_cannot_be_done_is_said(tiny_checkpoint: str, server: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="The recording left the store before it was read. Open it again"):
        clips.clip({"checkpoint": tiny_checkpoint, "clip": "0" * 64, "twin": True}, RunContext())
    with pytest.raises(CheckpointError, match="There is no checkpoint 'nowhere'"):
        submit_clip(server, "nowhere", recording(1.0))
    monkeypatch.setenv("OTOSCOPE_STORE_BYTES", "4000")
    with pytest.raises(StoreError, match="Raise OTOSCOPE_STORE_BYTES"):
        submit_clip(server, tiny_checkpoint, recording(1.0))
    assert server.list() == []


def test_the_memory_that_reading_takes(checkpoint: Checkpoint) -> None:
    config = checkpoint.model_config
    windows_at_once = 2400 // 30
    states = 2 * 4 * 2 * 30 * 8  # of one layer and its input, and what each was given
    model = weights_bytes(checkpoint) + windows_at_once * (window_bytes(config) + states) + 6 * 16_000_000
    result = 3 * 3 * (4 * 30 + 48**2)  # windows, heads and their mean; a number per key, and a small picture
    assert result_bytes(size_of(checkpoint, 9.1)) == result
    assert needs_bytes(checkpoint, 9.1, "cpu") == LIBRARIES_BYTES + model + 3 * 4 * 218_400 + 2 * result
    assert needs_bytes(checkpoint, 9.1, "cuda:0") == model
