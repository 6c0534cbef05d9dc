"""The whole examination as a job: what is asked, how far it is, and what it takes."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.jobs import queue as jobs
from analysis.jobs.job import Job, JobError
from analysis.jobs.kinds.battery import KIND
from analysis.studies.registry import study_names
from app import controls, layout, state
from app.components import battery_answers, job_progress, job_words
from app.components.battery_answers import Asked

# Per checkpoint with its twin, on two CPU cores. "full" is estimated: measured, and studies of stress by their number of windows.
SECONDS = {"small": 70.0, "full": 4090.0}


def choose(good: Sequence[Any]) -> Asked:
    """Checkpoints, the corpus and the studies."""
    first, second = st.columns([6, 3], vertical_alignment="bottom")
    with first:
        checkpoints = controls.pick_checkpoints(good)
    with second:
        corpus = controls.pick_corpus()
    names = study_names()
    studies = st.pills("Studies", names, default=list(names), selection_mode="multi", key="battery_studies")
    return Asked(tuple(checkpoints), corpus, tuple(name for name in names if name in studies))


def show(asked: Asked) -> dict[str, str]:
    """The job that the address names while it runs; else what is there, and a button for what is not.

    Returns what all answers were made from.
    """
    if not asked.checkpoints or not asked.studies:
        layout.empty("Nothing is chosen to examine.", "Choose at least one checkpoint and one study above.")
        return {}
    job = _job(asked)
    if job is not None and not job.finished:
        job_progress.follow(job)
        return {}
    if job is not None and job.state == "failed":
        layout.error(job_words.ended(job))
    elif job is not None and job.state == "cancelled":
        st.warning("The examination was cancelled; the studies that were finished are kept.", icon=":material/cancel:")
    found = battery_answers.parts(asked, job.document if job is not None and job.state == "done" else None)
    missing = [part.study for part in found if part.result is None and not part.error]
    if missing:
        _offer(asked, missing, again=job is not None or len(missing) < len(found))
    if len(missing) < len(found):
        battery_answers.draw(asked, found)
    return battery_answers.facts(found)


def _offer(asked: Asked, missing: Sequence[str], *, again: bool) -> None:
    """What the studies that are not there take, and a button."""
    many = "s" if len(asked.names) > 1 else ""
    studies = f"{len(missing)} {'studies' if len(missing) > 1 else 'study'}"
    takes = "take" if len(missing) > 1 else "takes"
    stored = "" if len(missing) == len(asked.studies) else " What is answered already takes no time."
    st.markdown(
        f"{studies} of {len(asked.names)} checkpoint{many} and the untrained twins {takes} "
        f"{job_words.about(seconds(asked, missing))} on a CPU.{stored} The page stays usable."
    )
    if st.button("Go on" if again else "Examine", icon=":material/play_arrow:", type="primary"):
        _start(asked)


def seconds(asked: Asked, studies: Sequence[str]) -> float:
    """How long some studies take, when nothing of them is stored."""
    from analysis.studies.battery import cost_of

    share = sum(cost_of(name, asked.corpus) for name in studies) / sum(cost_of(name, asked.corpus) for name in study_names())
    return SECONDS.get(asked.corpus, SECONDS["full"]) * len(asked.names) * share


def _start(asked: Asked) -> None:
    from analysis.jobs.kinds.battery import submit_battery

    try:
        state.put("job", submit_battery(jobs.queue(), asked.names, asked.corpus, list(asked.studies)))
    except OtoscopeError as error:
        layout.error(str(error))
        return
    st.rerun()


def _job(asked: Asked) -> Job | None:
    """The job of the address, else the latest one that asks the same."""
    request = {"checkpoints": asked.names, "corpus": asked.corpus, "studies": list(asked.studies)}
    found = [job for job in jobs.queue().list() if job.kind == KIND.name and job.request == request]
    if job_id := state.get_text("job"):
        try:
            job = jobs.queue().get(job_id)
        except JobError:
            state.put("job", None)
        else:
            found = [job, *found] if job.kind == KIND.name and job.request == request else found
    return found[0] if found else None
