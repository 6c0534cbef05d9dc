"""Probes of a checkpoint on the clip page: what is stored is drawn, else a job can fit them; nothing is fitted here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.jobs import queue as jobs
from analysis.jobs.kinds.clip_probes import KIND
from app import caching
from app.components.clip import familiarity
from app.kit import job_progress, layout

if TYPE_CHECKING:
    from analysis.clips.probes import ClipProbes
    from analysis.jobs.job import Job
    from app.components.clip.reading import Question


def stored(question: Question) -> ClipProbes | None:
    """The probes of a checkpoint; None where they were not fitted yet."""
    from analysis.clips.probes import read_probes
    from analysis.store import open_store

    key = _key(question)
    return caching.once(("probes", key), lambda: read_probes(open_store(), key))


def known_key(question: Question) -> str:
    """Where its probes are kept; "" where they were not fitted yet."""
    return _key(question) if stored(question) is not None else ""


def _key(question: Question) -> str:
    from analysis.clips.probes import probes_key
    from analysis.training.loop import pick_device

    return caching.once(("probes key", question.identity), lambda: probes_key(question.checkpoint, pick_device().type))


def draw(question: Question) -> None:
    """The job that fits probes, else a button; nothing where they are drawn, or their corpus is not at hand, which is said."""
    if stored(question) is not None:
        st.caption("Probes of the layer are lanes of the desk, beside the untrained twin's and, where it is known, the truth.")
        return
    job = _job_of(question)
    if job is not None and not job.finished:
        job_progress.follow(job)
        return
    job_progress.explain_end(job, "Fitting probes was cancelled.", "Probes were fitted, but the store does not hold them.")
    corpus = familiarity.training_corpus(question)
    if corpus is not None and st.button("What can a probe read here?", icon=":material/query_stats:", help=_takes(corpus)):
        _start(question, corpus)


def _takes(corpus: str) -> str:
    return (
        f"Fits linear probes of every layer, and of the untrained twin, to the training split of {corpus}, once per checkpoint: "
        "a job, which may take minutes."
    )


def _job_of(question: Question) -> Job | None:
    """The last job that fits them."""
    ours = [job for job in jobs.queue().list() if job.kind == KIND.name and job.request.get("checkpoint") == question.name]
    return ours[-1] if ours else None


def _start(question: Question, corpus: str) -> None:
    from analysis.jobs.kinds.clip_probes import submit_probes

    try:
        submit_probes(jobs.queue(), question.name, corpus)
    except OtoscopeError as error:
        layout.error(str(error))
        return
    st.rerun()
