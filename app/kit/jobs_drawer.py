"""Running and recent jobs, in the sidebar of every page."""

import streamlit as st

from analysis.jobs import queue as jobs
from analysis.jobs.job import Job
from app.kit import job_progress, job_words, layout
from app.kit.layout import plain

RECENT = 4
EVERY_S = 1.0
ICONS = {
    "queued": ":material/schedule:", "running": ":material/hourglass_top:", "done": ":material/check_circle:",
    "failed": ":material/error:", "cancelled": ":material/cancel:",
}  # fmt: skip


def draw() -> None:
    """The drawer; it draws itself anew while something runs, and the page once when the last job has ended."""
    busy = _busy(jobs.queue().list())
    with st.sidebar:
        st.fragment(_draw, run_every=EVERY_S if busy else None)(busy)


def _draw(was_busy: bool) -> None:
    all_jobs = jobs.queue().list()
    if was_busy and not _busy(all_jobs):
        st.rerun()
    unfinished = [job for job in all_jobs if not job.finished]
    recent = [job for job in all_jobs if job.finished][:RECENT]
    st.markdown(f"**Jobs** ({len(unfinished)} running or waiting)" if unfinished else "**Jobs**")
    if not all_jobs:
        st.caption("None yet.")
    for job in (*unfinished, *recent):
        _job(job)


def _busy(all_jobs: list[Job]) -> bool:
    return any(not job.finished for job in all_jobs)


def _job(job: Job) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"{ICONS[job.state]} **{plain(job_words.kind(job))}**, {job_words.STATES[job.state]}")
        st.caption(plain(job_words.subject(job)))
        if not job.finished:
            job_progress.bar(job, brief=True)
            job_progress.cancel_button(job, "drawer")
        else:
            _ended(job)


def _ended(job: Job) -> None:
    st.caption(plain(job_words.ended(job)))
    if job.state != "done" or (page := job_words.page(job)) is None:
        return
    layout.way("Open result", page.name, ":material/open_in_new:", page.parameters)
