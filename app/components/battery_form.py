"""The whole examination as a job: what is asked, how far it is, and its answers with the report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.jobs import queue as jobs
from analysis.jobs.job import Job, JobError
from analysis.studies import STUDY_NAMES
from app import controls, layout, state
from app.components import job_progress, job_words
from app.layout import plain

KIND = "battery"
SECONDS = {"small": 200.0, "full": 700.0}  # per checkpoint, on two CPU cores


def choose(good: Sequence[Any]) -> tuple[list[str], str, list[str]]:
    """Names of checkpoints, the corpus and the studies."""
    first, second = st.columns([6, 3], vertical_alignment="bottom")
    with first:
        checkpoints = controls.pick_checkpoints(good)
    with second:
        corpus = controls.pick_corpus()
    studies = st.pills("Studies", STUDY_NAMES, default=list(STUDY_NAMES), selection_mode="multi", key="battery_studies")
    return [str(one.name) for one in checkpoints], corpus, [name for name in STUDY_NAMES if name in studies]


def show(names: list[str], corpus: str, studies: list[str]) -> None:
    """The job that the address names, or what the examination takes and a button."""
    job = _job(names, corpus, studies)
    if job is not None and not job.finished:
        job_progress.follow(job)
        return
    if job is not None and job.state == "done":
        _answers(job, names, corpus)
        return
    label = "Examine"
    if job is not None and job.state == "failed":
        layout.error(job_words.ended(job))
        label = "Go on"
    elif job is not None:
        st.warning("The examination was cancelled; the studies that were finished are kept.", icon=":material/cancel:")
        label = "Go on"
    if not names or not studies:
        layout.empty("Nothing is chosen to examine.", "Choose at least one checkpoint and one study above.")
        return
    seconds = SECONDS.get(corpus, SECONDS["full"]) * len(names) * len(studies) / len(STUDY_NAMES)
    st.markdown(
        f"{len(studies)} studies of {len(names)} checkpoint{'s' if len(names) > 1 else ''} and the untrained twins take "
        f"{job_words.about(seconds)} on a CPU. Studies that are stored take no time; the page stays usable."
    )
    if st.button(label, icon=":material/play_arrow:", type="primary"):
        _start(names, corpus, studies)


def _start(names: list[str], corpus: str, studies: list[str]) -> None:
    from analysis.jobs.battery import submit_battery

    try:
        state.put("job", submit_battery(jobs.queue(), names, corpus, studies))
    except OtoscopeError as error:
        layout.error(str(error))
        return
    st.rerun()


def _job(names: list[str], corpus: str, studies: list[str]) -> Job | None:
    """The job of the address, else the latest one that asks the same."""
    asked = {"checkpoints": names, "corpus": corpus, "studies": studies}
    found = [job for job in jobs.queue().list() if job.kind == KIND and job.request == asked]
    if job_id := state.get_text("job"):
        try:
            job = jobs.queue().get(job_id)
        except JobError as error:
            st.caption(plain(str(error)))
        else:
            found = [job, *found] if job.kind == KIND and job.request == asked else found
    return found[0] if found else None


def _answers(job: Job, names: list[str], corpus: str) -> None:
    """Every headline, or the reason why there is none, and the report."""
    studies = list((job.document or {}).get("studies", []))
    st.success(f"{sum(not one['error'] for one in studies)} of {len(studies)} studies answered.", icon=":material/check_circle:")
    for one in studies:
        name = str(one["study"])
        st.markdown(f"**{plain(job_words.STUDIES.get(name, name.capitalize()))}**: {_said(one)}")
        for notice in one["notices"]:
            st.caption(plain(notice))
    title = f"Examination of {', '.join(names)} on {Path(corpus).name}"
    st.download_button(
        "Report, as one HTML file", lambda: report(studies, title), "report.html", "text/html",
        icon=":material/download:", type="primary",
    )  # fmt: skip


def _said(one: dict[str, Any]) -> str:
    return plain(f"Not made: {one['error']}" if one["error"] else str(one["headline"]))


def report(studies: Sequence[dict[str, Any]], title: str) -> str:
    """The report of stored studies as HTML; a study that has left the store says so."""
    from analysis.report import report_page
    from analysis.store import open_store
    from analysis.studies.battery import Part
    from analysis.studies.study import read_result

    store, parts = open_store(), []
    for one in studies:
        result = read_result(store, one["store_key"]) if one["store_key"] else None
        gone = "" if result else one["error"] or "The result has left the store. Examine again."
        parts.append(Part(one["study"], one["command"], result, one["store_key"], gone, tuple(one["notices"])))
    return report_page(parts, title)
