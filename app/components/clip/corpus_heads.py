"""Heads that follow the music over the works of a corpus, on the clip page: the stored answer, its job, or a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import CorpusError, OtoscopeError
from analysis.jobs import queue as jobs
from analysis.jobs.kinds.corpus_heads import KIND
from analysis.store import open_store
from app import caching, state
from app.kit import controls, job_progress, layout

if TYPE_CHECKING:
    from analysis.clips.questions.answer import Answer
    from analysis.jobs.job import Job
    from app.components.clip.reading import Question

HERE = "this recording"
WIDGET = "find_over"


def pick() -> None:
    """Over what heads are looked for."""
    known = {HERE: HERE} | controls.corpora()
    st.selectbox("Over", list(known), key=WIDGET, format_func=known.__getitem__)


def chosen() -> str:
    """The corpus that was chosen; "" for this recording alone."""
    over = str(state.widget_value(WIDGET) or HERE)
    return "" if over == HERE or over not in controls.corpora() else over


def stored(question: Question, corpus: str) -> Answer | None:
    """The answer over a corpus; None where there is none, or where it is not known what is in the corpus."""
    from analysis.clips.heads.corpus import corpus_heads_key
    from analysis.clips.questions.answer import read_answer
    from analysis.studies.listings import known_corpus_sha256

    try:
        contents = caching.once(("corpus", corpus, caching.stamp(corpus)), lambda: known_corpus_sha256(corpus, open_store()))
    except CorpusError:
        return None
    if contents is None:
        return None
    key = corpus_heads_key(question.checkpoint, contents)
    return caching.once(("answer", key), lambda: read_answer(open_store(), key))


def draw(question: Question, corpus: str) -> None:
    """The job that looks for heads, or a button."""
    job = _job_of(question, corpus)
    if job is not None and not job.finished:
        job_progress.follow(job)
        return
    job_progress.explain_end(job, "It was cancelled.", "The answer was found, but the store does not hold it.")
    if st.button("Answer this", icon=":material/play_arrow:", key="answer_corpus"):
        _start(question, corpus)


def _job_of(question: Question, corpus: str) -> Job | None:
    wanted = question.name, corpus
    ours = [
        job
        for job in jobs.queue().list()
        if job.kind == KIND.name and (job.request.get("checkpoint"), job.request.get("corpus")) == wanted
    ]
    return ours[-1] if ours else None


def _start(question: Question, corpus: str) -> None:
    from analysis.jobs.kinds.corpus_heads import submit_corpus_heads

    try:
        submit_corpus_heads(jobs.queue(), question.name, corpus)
    except OtoscopeError as error:
        layout.error(str(error))
        return
    st.rerun()
