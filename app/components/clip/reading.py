"""What a checkpoint does with a recording: stored, or read while the page waits, or by a job."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.jobs import queue as jobs
from analysis.jobs.job import Job, JobError
from analysis.jobs.kinds.clip import KIND, ClipRequest
from analysis.units import seconds_to_words
from app import caching, state
from app.kit import job_progress, job_words, layout
from app.kit.layout import plain

if TYPE_CHECKING:
    from analysis.clips.cost import ClipSize
    from analysis.clips.reading import ClipReading
    from analysis.datasets.audio import Waveform
    from analysis.models.checkpoint import Checkpoint
    from analysis.models.tower import Model
    from app.components.clip.recordings import Clip


@dataclass(frozen=True)
class Question:
    """Which checkpoint reads which recording; the checkpoint is opened for it once, see `question`.

    Attributes:
        checkpoint: that reads.
        waveform: the recording, at the rate of its tower.
        key: of this waveform in the store.
        size: how much that is for its model, of which it holds the outline.
        is_here: whether a page reads it while somebody waits.
    """

    checkpoint: Checkpoint
    waveform: Waveform
    key: str
    size: ClipSize
    is_here: bool

    @property
    def overlap(self) -> str:
        """Of its windows."""
        return self.size.overlap

    @property
    def name(self) -> str:
        """Of the checkpoint."""
        return str(self.checkpoint.name)

    @cached_property
    def identity(self) -> tuple[str, str]:
        """What makes its model and the untrained twin."""
        return caching.identity(self.checkpoint)

    def model(self, *, twin: bool) -> Model:
        """What reads: the model, kept from click to click, or its untrained twin."""
        return self.checkpoint.untrained_twin() if twin else caching.model(self.checkpoint)


@dataclass(frozen=True)
class Readings:
    """What a model did with a recording, and what its untrained twin did; None of the twin that has yet to read it."""

    trained: ClipReading
    twin: ClipReading | None


def question(checkpoint: Checkpoint, clip: Clip, overlap: str) -> Question:
    """A checkpoint and the recording that it reads, at the rate of its tower that hears.

    Raises:
        ShapeError: no tower of it hears.
        ConfigError: there is no such overlap.
    """
    from analysis.clips.cost import size_of
    from analysis.clips.recordings import recording_key
    from analysis.jobs.kinds.clip_memory import is_small

    size = size_of(checkpoint, clip.waveform.duration_s, overlap)
    waveform = clip.waveform.at_rate(size.heard.sample_rate)
    key = clip.key if waveform is clip.waveform else recording_key(waveform)
    return Question(checkpoint, waveform, key, size, size.is_short and is_small(size))


def adopt() -> None:
    """Take over what a job that came with the address or from the drawer reads, once; before the controls are drawn."""
    if not state.is_arriving() or (job := _in_address()) is None:
        return
    state.understand("job", job.id)
    asked = ClipRequest.of(job.request)
    if "checkpoint" not in state.address():
        state.put("checkpoint", Path(asked.checkpoint).name)
    if "clip" not in state.address():
        state.put("clip", asked.clip)
    if asked.overlap != "none":
        state.put("overlap", asked.overlap)


def readings(question: Question) -> Readings | None:
    """What was read; what is short is read here, of what is long the job is drawn, and the answer is None."""
    trained, twin = (_stored(question, twin=twin) for twin in (False, True))
    if trained is not None and twin is not None:
        return Readings(trained, twin)
    if question.is_here:
        return Readings(trained or _read_here(question, twin=False), None)
    _offer(question)
    return None if trained is None else Readings(trained, None)


def read_twin(question: Question) -> None:
    """Read the untrained twin after everything was drawn, if the page reads this itself; then the page is drawn once more."""
    if question.is_here:
        _read_here(question, twin=True)
        st.rerun()


def _key(question: Question, *, twin: bool) -> str:
    from analysis.clips.store import reading_key
    from analysis.training.loop import pick_device

    return reading_key(question.checkpoint, question.key, twin=twin, device=pick_device().type, overlap=question.overlap)


def _stored(question: Question, *, twin: bool) -> ClipReading | None:
    from analysis.clips.store import read_reading
    from analysis.store import open_store

    key = _key(question, twin=twin)
    return caching.once(("reading", key), lambda: read_reading(open_store(), key))


def _read_here(question: Question, *, twin: bool) -> ClipReading:
    """Read it while the page waits, with progress over its windows."""
    from analysis.clips.read import read_clip
    from analysis.clips.store import put_reading
    from analysis.store import open_store

    slot, what = st.empty(), "The untrained twin listens" if twin else f"{question.name} listens"

    def report(done: int, total: int) -> None:
        slot.progress(done / total, f"{plain(what)}: window {done:,} of {total:,} …")

    def read() -> ClipReading:
        reading = read_clip(question.model(twin=twin), question.waveform, question.overlap, report)
        put_reading(open_store(), key, reading)
        return reading

    key = _key(question, twin=twin)
    try:
        return caching.once(("reading", key), read)
    finally:
        slot.empty()


def _offer(question: Question) -> None:
    """The job that reads it, or what reading takes and a button."""
    job = _job_of(question)
    if job is not None and not job.finished:
        job_progress.follow(job)
        return
    job_progress.explain_end(job, "Reading was cancelled.", "The recording was read, but the store does not hold it.")
    label = "Try again" if job is not None and job.state == "failed" else "Read the recording"
    takes = job_words.between(*question.size.job_seconds)
    st.markdown(plain(
        f"{question.name} and its untrained twin take {takes} to read {seconds_to_words(question.size.duration_s)} on "
        "two cores: less if nothing else runs on them, more if they are busy; the page stays usable, and the address leads "
        "back here."
    ))  # fmt: skip
    if st.button(label, icon=":material/play_arrow:", type="primary", key=f"read_{question.key}_{question.name}"):
        _start(question)


def _start(question: Question) -> None:
    from analysis.jobs.kinds.clip import submit_clip

    try:
        job_id = submit_clip(jobs.queue(), question.name, question.waveform, overlap=question.overlap)
    except OtoscopeError as error:
        layout.error(str(error))
        return
    state.put("job", job_id)
    st.rerun()


def _job_of(question: Question) -> Job | None:
    """The job of the address if it reads this, else an unfinished one that does."""

    def reads(job: Job) -> bool:
        if job.kind != KIND.name:
            return False
        asked = ClipRequest.of(job.request)
        wanted = (question.name, question.key, question.overlap)
        return (asked.checkpoint, asked.clip, asked.overlap) == wanted

    job = _in_address()
    if job is not None and reads(job):
        return job
    unfinished = next((candidate for candidate in jobs.queue().list() if not candidate.finished and reads(candidate)), None)
    state.put("job", None if unfinished is None else unfinished.id)
    return unfinished


def _in_address() -> Job | None:
    """The job that the address names, if it is there and reads a clip."""
    if not (job_id := state.get_text("job")):
        return None
    try:
        job = jobs.queue().get(job_id)
    except JobError:
        state.put("job", None)
        return None
    return job if job.kind == KIND.name else None
