"""What a study page asks: checkpoints, a corpus and settings; how long that takes, and the job that answers it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.jobs import queue as jobs
from analysis.jobs.job import Job, JobError
from analysis.jobs.kinds.study import KIND
from analysis.studies.base.registry import find_study
from analysis.studies.shipped import SHIPPED
from app import answers, caching, state
from app.answers import StudyRequest
from app.kit import controls, job_progress, job_words, layout, study_settings
from app.kit.layout import plain
from app.kit.player import USUAL, Cut

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint
    from app.kit.study_settings import Scalar


RENDERING_SPEED = 150.0  # seconds of audio rendered in one second


@dataclass(frozen=True)
class Choice:
    """What the controls say; `cut` is how the windows of the result that is shown are cut."""

    study: str
    checkpoints: tuple[Checkpoint, ...]
    corpus: str
    settings: dict[str, Scalar]
    cut: Cut = USUAL

    @property
    def names(self) -> list[str]:
        """Names of the checkpoints."""
        return [str(checkpoint.name) for checkpoint in self.checkpoints]

    @property
    def alone(self) -> list[str]:
        """Names of those checkpoints that read sound alone."""
        from analysis.models.sides import compared_sides

        return [str(checkpoint.name) for checkpoint in self.checkpoints if len(compared_sides(checkpoint.outline())) == 1]

    @property
    def all_settings(self) -> dict[str, Scalar]:
        """Settings of the study."""
        return {"corpus": self.corpus, **self.settings}

    @cached_property
    def study_request(self) -> StudyRequest:
        """What is asked of the study, made once.

        Raises:
            ConfigError: a setting is of the wrong kind.
        """
        from analysis.studies.base.requests import build_request

        return answers.study_request(self.study, build_request(self.study, self.names, self.all_settings), self.checkpoints)


def choose(study: str, good: Sequence[Checkpoint]) -> Choice | None:
    """The bar of controls; None, with the reason said, where no checkpoint is chosen."""
    _adopt(study, [str(checkpoint.name) for checkpoint in good])
    first, second, third = st.columns([11.8, 6.4, 4.4], vertical_alignment="bottom")
    with first:
        checkpoints = controls.pick_checkpoints(good, find_study(study).usual or SHIPPED, _widget(study))
    with third:
        settings = study_settings.pick(study)
    with second:
        corpus = controls.pick_corpus(find_study(study).demo, lambda: opening_corpus(study, checkpoints, settings))
    if not checkpoints:
        layout.empty("No checkpoint is chosen.", "Choose one or more above.")
        return None
    return Choice(study, tuple(checkpoints), corpus, settings)


def opening_corpus(study: str, checkpoints: Sequence[Checkpoint], settings: Mapping[str, Scalar]) -> str:
    """With which corpus a page opens that was asked about none: the first with an answer, else the first that can have one."""
    choices = [Choice(study, tuple(checkpoints), corpus, dict(settings)) for corpus in controls.corpora()]
    if not checkpoints:
        return choices[0].corpus
    return next(chain(filter(has_answer, choices), filter(_is_possible, choices), choices)).corpus


def has_answer(choice: Choice) -> bool:
    """Whether something is there to be shown: an answer, or one with other settings that came with the checkpoints."""
    try:
        return any(read(choice.study_request) is not None for read in (answers.found_result, answers.nearby_result))
    except (OtoscopeError, OSError):  # the page says so where it is chosen
        return False


def _is_possible(choice: Choice) -> bool:
    try:
        return find_study(choice.study).refusal(choice.checkpoints, choice.study_request.request) is None
    except (OtoscopeError, OSError):
        return False


def elsewhere(choice: Choice) -> str:
    """Of which other corpora, and of which of the checkpoints by themselves, an answer is there; "" for none."""
    known = {corpus: name for corpus, name in controls.corpora().items() if corpus != choice.corpus}
    there = [name for corpus, name in known.items() if has_answer(replace(choice, corpus=corpus))]
    if len(choice.checkpoints) > 1:
        alone = [replace(choice, checkpoints=(checkpoint,)) for checkpoint in choice.checkpoints]
        there += [f"{single.names[0]} alone" for single in alone if has_answer(single)]
    return f"An answer is at hand if you choose {' or '.join(there)}." if there else ""


def _widget(study: str) -> str:
    """Key of the widget of checkpoints; a page that shows more than the others has one of its own."""
    return f"{controls.CHECKPOINTS_WIDGET}_{study}" if find_study(study).usual else controls.CHECKPOINTS_WIDGET


def _adopt(study: str, names: Sequence[str]) -> None:
    """Take over what a job of the address asks, where the address says nothing else."""
    job_id = state.get_text("job")
    if not job_id or not state.is_arriving():
        return
    try:
        request = jobs.queue().get(job_id).request
    except JobError:
        state.put("job", None)
        return
    state.understand("job", job_id)
    if request.get("study") != study or any(name in state.address() for name in ("checkpoints", "corpus", "set")):
        return
    if chosen := [name for name in request.get("checkpoints", ()) if name in names]:
        state.put_list("checkpoints", chosen)
        state.preset(_widget(study), chosen)
    settings = dict(request.get("settings") or {})
    if (corpus := controls.without_kind(str(settings.get("corpus")), find_study(study).demo)) in controls.corpora():
        state.put("corpus", corpus)
        state.preset(controls.CORPUS_WIDGET, corpus)
    study_settings.adopt(settings)


def offer(choice: Choice, at_hand: str = "") -> None:
    """Where there is no result yet: the job that computes it, or what it takes and a button; or why there can be none.

    Args:
        choice: of which there is none.
        at_hand: of what else there is one.
    """
    if refused := find_study(choice.study).refusal(choice.checkpoints, choice.study_request.request):
        st.info(plain(f"{refused} {at_hand}".strip()), icon=":material/info:")
        return
    job = _job_of(choice.study_request)
    if job is not None and not job.finished:
        job_progress.follow(job)
        return
    kept = "; what was finished is kept" if job is not None and job.progress and job.progress.done else ""
    cancelled = f"The computation was cancelled{kept}."
    job_progress.explain_end(job, cancelled, "The result was computed, but the store does not hold it.")
    label = "Try again" if job is not None and job.state == "failed" else "Compute"
    to_render_s = sum(piece.duration_s for piece in caching.unrendered(choice.study_request.request.corpus))
    seconds = find_study(choice.study).cost.seconds(choice.corpus, len(choice.checkpoints))
    takes = effort(len(choice.checkpoints), seconds, to_render_s, usual=not choice.settings)
    st.markdown(plain(f"Nothing is stored for this choice yet. {at_hand} {takes}"))
    if st.button(label, icon=":material/play_arrow:", type="primary"):
        _start(choice)


def effort(n_checkpoints: int, seconds: float, to_render_s: float, *, usual: bool = True) -> str:
    """What will be computed and how long it takes on a CPU."""
    several = f"{n_checkpoints} checkpoints and their untrained twins take"
    whose = several if n_checkpoints > 1 else "a checkpoint and its untrained twin take"
    renders = job_words.about(to_render_s / RENDERING_SPEED)
    rendering = f"The missing recordings are rendered first ({renders}). " if to_render_s else ""
    settings = "" if usual else " with the usual settings, yours may take more or less"
    meanwhile = "the page stays usable, and the address leads back here"
    return f"{rendering}On a CPU, {whose} {job_words.about(seconds)}{settings}; {meanwhile}."


def _start(choice: Choice) -> None:
    from analysis.jobs.kinds.study import submit_study

    try:
        job_id = submit_study(jobs.queue(), choice.study, choice.names, choice.all_settings)
    except OtoscopeError as error:
        layout.error(str(error))
        return
    state.put("job", job_id)
    st.rerun()


def _job_of(asked: StudyRequest) -> Job | None:
    """The job of the address if it asks the same, else an unfinished one that does."""
    if job_id := state.get_text("job"):
        with contextlib.suppress(JobError):  # it was forgotten since
            if computes(job := jobs.queue().get(job_id), asked):
                return job
    waiting = (job for job in jobs.queue().list() if not job.finished and computes(job, asked))
    unfinished = next(waiting, None)
    state.put("job", None if unfinished is None else unfinished.id)
    return unfinished


def computes(job: Job, asked: StudyRequest) -> bool:
    """Whether a job computes what is asked."""
    from analysis.studies.base.requests import build_request

    request = job.request
    if job.kind != KIND.name or request.get("study") != asked.study:
        return False
    try:
        job_request = build_request(asked.study, request.get("checkpoints", ()), dict(request.get("settings") or {}))
        return job_request == asked.request
    except (OtoscopeError, TypeError):
        return False
