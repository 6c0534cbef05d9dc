"""The whole examination as a job: what is asked, how far it is, and what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.jobs import queue as jobs
from analysis.jobs.job import Job, JobError
from analysis.jobs.kinds.battery import KIND
from analysis.studies.base.registry import study_names
from app import state
from app.components import battery_answers
from app.components.battery_answers import Selection
from app.kit import controls, job_progress, job_words, layout

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint


# Per checkpoint with its twin, on two CPU cores. "full" is estimated: measured, and studies of stress by their number of windows.
SECONDS = {"small": 70.0, "full": 4090.0}


def choose(good: Sequence[Checkpoint]) -> Selection:
    """Checkpoints, the corpus and the studies."""
    first, second = st.columns([6, 3], vertical_alignment="bottom")
    with first:
        checkpoints = controls.pick_checkpoints(good)
    with second:
        corpus = controls.pick_corpus()
    names = study_names()
    studies = st.pills("Studies", names, default=list(names), selection_mode="multi", key="battery_studies")
    return Selection(tuple(checkpoints), corpus, tuple(name for name in names if name in studies))


def show(selection: Selection) -> dict[str, str]:
    """The job that the address names while it runs; else what is there, and a button for what is not.

    Returns what all answers were made from.
    """
    if not selection.checkpoints or not selection.studies:
        layout.empty("Nothing is chosen to examine.", "Choose at least one checkpoint and one study above.")
        return {}
    job = _job(selection)
    if job is not None and not job.finished:
        job_progress.follow(job)
        return {}
    if job is not None and job.state == "failed":
        layout.error(job_words.ended(job))
    elif job is not None and job.state == "cancelled":
        st.warning("The examination was cancelled; the studies that were finished are kept.", icon=":material/cancel:")
    parts = battery_answers.parts(selection, job.document if job is not None and job.state == "done" else None)
    missing = [part.study for part in parts if part.result is None and not part.error]
    if missing:
        _offer(selection, missing, again=job is not None or len(missing) < len(parts))
    if len(missing) < len(parts):
        battery_answers.draw(selection, parts)
    return battery_answers.facts(parts)


def _offer(selection: Selection, missing: Sequence[str], *, again: bool) -> None:
    """What the studies that are not there take, and a button."""
    many = "s" if len(selection.names) > 1 else ""
    studies = f"{len(missing)} {'studies' if len(missing) > 1 else 'study'}"
    takes = "take" if len(missing) > 1 else "takes"
    stored = "" if len(missing) == len(selection.studies) else " What is answered already takes no time."
    st.markdown(
        f"{studies} of {len(selection.names)} checkpoint{many} and the untrained twins {takes} "
        f"{job_words.about(seconds(selection, missing))} on a CPU.{stored} The page stays usable."
    )
    if st.button("Go on" if again else "Examine", icon=":material/play_arrow:", type="primary"):
        _start(selection)


def seconds(selection: Selection, studies: Sequence[str]) -> float:
    """How long some studies take, when nothing of them is stored."""
    from analysis.studies.battery import cost_of

    costs = {name: cost_of(name, selection.corpus) for name in study_names()}
    share = sum(costs[name] for name in studies) / sum(costs.values())
    return SECONDS.get(selection.corpus, SECONDS["full"]) * len(selection.names) * share


def _start(selection: Selection) -> None:
    from analysis.jobs.kinds.battery import submit_battery

    try:
        state.put("job", submit_battery(jobs.queue(), selection.names, selection.corpus, list(selection.studies)))
    except OtoscopeError as error:
        layout.error(str(error))
        return
    st.rerun()


def _job(selection: Selection) -> Job | None:
    """The job of the address, else the latest one that asks the same."""
    request = {"checkpoints": selection.names, "corpus": selection.corpus, "studies": list(selection.studies)}
    jobs_alike = [job for job in jobs.queue().list() if job.kind == KIND.name and job.request == request]
    if job_id := state.get_text("job"):
        try:
            job = jobs.queue().get(job_id)
        except JobError:
            state.put("job", None)
        else:
            jobs_alike = [job, *jobs_alike] if job.kind == KIND.name and job.request == request else jobs_alike
    return jobs_alike[0] if jobs_alike else None
