"""How far a recording lies from what a checkpoint was trained on: the answer, the job that computes it, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.jobs import queue as jobs
from analysis.jobs.kinds.training_distance import KIND
from app import caching
from app.kit import controls, job_progress, layout
from app.kit.layout import plain

if TYPE_CHECKING:
    from analysis.clips.training_distance import TrainingDistance
    from analysis.jobs.job import Job
    from app.components.clip.reading import Question


def draw(question: Question) -> None:
    """What is stored, else the job, else a button; a sentence where the training corpus is not at hand. Nothing is computed."""
    from analysis.clips.training_distance import sentence

    if (distance := _stored(question)) is not None:
        st.caption(plain(sentence(distance)))
        return
    job = _job_of(question)
    if job is not None and not job.finished:
        job_progress.follow(job)
        return
    job_progress.explain_end(job, "It was cancelled.", "It was computed, but the store does not hold it.")
    if (corpus := training_corpus(question)) is None:
        name = question.checkpoint.training.get("corpus", "a corpus that is not named")
        st.caption(plain(
            f"{question.name} was trained on {name}, which is not on this computer or was not read yet; so it cannot "
            "be said how far this recording lies from it."
        ))  # fmt: skip
    elif st.button("How far is this from what it was trained on?", icon=":material/straighten:", help=_takes(corpus)):
        _start(question, corpus)


def _takes(corpus: str) -> str:
    return f"Embeds windows of the corpus {corpus} where the store does not hold them yet; a job, which may take minutes."


def _stored(question: Question) -> TrainingDistance | None:
    from analysis.clips.training_distance import distance_key, read_distance
    from analysis.store import open_store
    from analysis.training.loop import pick_device

    key = distance_key(question.checkpoint, question.key, pick_device().type)
    return caching.once(("training distance", key), lambda: read_distance(open_store(), key))


def training_corpus(question: Question) -> str | None:
    """The corpus that the checkpoint was trained on, where it is on this computer; None where it is not."""
    from analysis.jobs.kinds.training_distance import corpus_at_hand
    from analysis.store import open_store

    checkpoint = question.checkpoint
    wanted = str(checkpoint.training.get("corpus_sha256"))
    return caching.once(("training corpus", wanted), lambda: corpus_at_hand(checkpoint, open_store(), controls.corpora()))


def _job_of(question: Question) -> Job | None:
    """The last job that computes this."""
    wanted = question.name, question.key
    ours = [
        job
        for job in jobs.queue().list()
        if job.kind == KIND.name and (job.request.get("checkpoint"), job.request.get("clip")) == wanted
    ]
    return ours[-1] if ours else None


def _start(question: Question, corpus: str) -> None:
    from analysis.jobs.kinds.training_distance import submit_distance

    try:
        submit_distance(jobs.queue(), question.name, question.waveform, corpus)
    except OtoscopeError as error:
        layout.error(str(error))
        return
    st.rerun()
