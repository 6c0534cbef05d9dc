"""A clip that takes long to read: the job that reads it, what that takes, and the recording of a job in the address."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from analysis.datasets.audio import Waveform
from analysis.errors import OtoscopeError
from analysis.jobs import queue as jobs
from analysis.jobs.job import Job, JobError
from analysis.jobs.kinds.clip import KIND, ClipRequest
from analysis.units import seconds_to_words
from app import answers, caching, state
from app.kit import controls, job_progress, job_words, layout
from app.kit.layout import plain

if TYPE_CHECKING:
    from analysis.clips.use import ClipUse
    from analysis.models.checkpoint import Checkpoint


def adopt() -> None:
    """Take over the checkpoint of a job that came with the address or from the drawer, once; before the controls are drawn."""
    job = _in_address()
    if not state.is_arriving():
        return
    state.keep("beside", None)
    if job is None:
        return
    state.understand("job", job.id)
    if "checkpoint" not in state.address():
        state.put("checkpoint", Path(ClipRequest.of(job.request).checkpoint).name)
    if state.get_text("clip") is None:
        state.put("clip", controls.UPLOAD)


def recording(picked: controls.Clip | None) -> controls.Clip | None:
    """The clip that was picked; but that of the job in the address where there is one, until another is picked."""
    job = _in_address()
    if job is None:
        return picked
    key = ClipRequest.of(job.request).clip
    picked_key = None if picked is None else caching.recording_key(picked.waveform)
    before = state.recall("beside")
    if before is None or before[0] != job.id:
        state.keep("beside", before := (job.id, picked_key))
    if picked_key == key:
        return picked
    if before[1] != picked_key:
        state.put("job", None)
        return picked
    if (wave := answers.recording(key)) is None:
        st.caption("The store does not hold the recording of the job in the address any more.")
        return picked
    st.caption(f"Until another clip is picked, the page shows {plain(wave.name) or 'the recording'} of the job in the address.")
    source = caching.once(("wav", key), lambda: caching.wav(wave.samples, wave.sample_rate))
    return controls.Clip(wave, source, None)


def clip_use(checkpoint: Checkpoint, clip: controls.Clip, *, twin: bool) -> ClipUse | None:
    """What attention did over a clip: stored, else read here if the clip is short, else None beside its job."""
    from analysis.clips.cost import is_short
    from analysis.jobs.kinds.clip_memory import is_small

    wave = clip.waveform
    if (stored := answers.stored_use(checkpoint, wave, twin=twin)) is not None:
        return stored
    if is_short(checkpoint.model_config, wave.duration_s) and is_small(checkpoint.model_config, wave.duration_s):
        return _read_here(checkpoint, wave, twin=twin)
    _offer(checkpoint, wave)
    return None


def _read_here(checkpoint: Checkpoint, wave: Waveform, *, twin: bool) -> ClipUse:
    """Read it while the page waits, with progress over its windows."""
    slot, what = st.empty(), "Reading the untrained twin's attention" if twin else "Reading the attention"

    def report(done: int, total: int) -> None:
        slot.progress(done / total, f"{what}: window {done:,} of {total:,} …")

    try:
        return caching.measured(checkpoint, wave, twin=twin, progress=report)
    finally:
        slot.empty()


def _offer(checkpoint: Checkpoint, wave: Waveform) -> None:
    """The job that reads it, or what reading takes and a button."""
    job = _job_of(checkpoint, caching.recording_key(wave))
    if job is not None and not job.finished:
        job_progress.follow(job)
        return
    cancelled = "Reading the attention was cancelled."
    job_progress.explain_end(job, cancelled, "The attention was read, but the store does not hold it.")
    label = "Try again" if job is not None and job.state == "failed" else "Read the attention"
    st.markdown(plain(effort(checkpoint, wave.duration_s)))
    if st.button(label, icon=":material/play_arrow:", type="primary"):
        _start(checkpoint, wave)


def effort(checkpoint: Checkpoint, duration_s: float) -> str:
    """How long it takes to read a clip."""
    from analysis.clips.cost import seconds

    takes = job_words.about(2 * seconds(checkpoint.model_config, duration_s))
    return (
        f"{checkpoint.name} and its untrained twin take {takes} at most to read {seconds_to_words(duration_s)} on a CPU; "
        "the page stays usable, and the address leads back here."
    )


def _start(checkpoint: Checkpoint, wave: Waveform) -> None:
    from analysis.jobs.kinds.clip import submit_clip

    try:
        job_id = submit_clip(jobs.queue(), str(checkpoint.name), wave)
    except OtoscopeError as error:
        layout.error(str(error))
        return
    state.put("job", job_id)
    st.rerun()


def _job_of(checkpoint: Checkpoint, key: str) -> Job | None:
    """The job of the address if it reads this, else an unfinished one that does."""

    def reads(job: Job) -> bool:
        if job.kind != KIND.name:
            return False
        asked = ClipRequest.of(job.request)
        return (asked.checkpoint, asked.clip) == (str(checkpoint.name), key)

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
