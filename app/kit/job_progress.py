"""One job while it runs: what, how far, how long, and an end to it."""

import streamlit as st

from analysis.jobs import queue as jobs
from analysis.jobs.job import Job, JobError
from app import state
from app.kit import job_words, layout
from app.kit.layout import plain

EVERY_S = 1.0


def follow(job: Job) -> None:
    """Draw an unfinished job and go on drawing it, alone, until it ends; then the page is drawn once more."""
    st.fragment(_follow, run_every=EVERY_S)(job.id)


def explain_end(job: Job | None, cancelled: str, not_held: str) -> None:
    """Why there is no result after a job.

    Args:
        job: that has finished; None where there is none.
        cancelled: what to say of a cancelled job.
        not_held: what to say of a finished one, the result of which is not there.
    """
    if job is not None and job.state == "failed":
        layout.error(job_words.ended(job))
    elif job is not None:
        is_cancelled = job.state == "cancelled"
        st.warning(cancelled if is_cancelled else not_held, icon=f":material/{'cancel' if is_cancelled else 'warning'}:")


def _follow(job_id: str) -> None:
    try:
        job = jobs.queue().get(job_id)
    except JobError:
        st.rerun()
    if job.finished:
        st.rerun()
    with st.container(border=True):
        st.markdown(f"**{plain(job_words.kind(job))}** of {plain(job_words.subject(job))}")
        bar(job)
        cancel_button(job, "page")


def bar(job: Job, *, brief: bool = False) -> None:
    """How far a job is; an empty bar where that is not known."""
    st.progress(job_words.share(job) or 0.0, plain(job_words.how_far(job, brief=brief)))


def cancel_button(job: Job, where: str) -> None:
    """A button that stops a job; once pressed, it says that the job is stopping."""
    stopping = state.recall("stopping") or frozenset()
    is_stopping = job.id in stopping and not job.finished
    label, key = "Stopping …" if is_stopping else "Cancel", f"cancel_{where}_{job.id}"
    look = "tertiary" if where == "drawer" else "secondary"
    if st.button(label, icon=":material/stop_circle:", disabled=is_stopping, key=key, type=look):
        state.keep("stopping", stopping | {job.id})
        jobs.queue().cancel(job.id)
        st.rerun(scope="app")
