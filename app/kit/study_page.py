"""The anatomy of every study page: question, headline with its control, controls, charts, how it misleads, provenance."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.results import Result
from analysis.studies.base.registry import find_study
from analysis.studies.cautions import cautions, sentences
from app import access, answers
from app.answers import Answered
from app.kit import controls, layout, study_facts, study_form
from app.kit.player import Cut
from app.kit.study_form import Choice


@dataclass(frozen=True)
class StudyPage:
    """What one study page has of its own.

    Attributes:
        study: its name in the library.
        how_to_read: Markdown; what the numbers mean and how they mislead.
        draw: charts and detail below the controls.
    """

    study: str
    how_to_read: str
    draw: Callable[[Result, Choice], None]


def show(page: StudyPage) -> None:
    """Draw the page: the stored answer, or a job that computes it."""
    access.require_access()
    with layout.page(find_study(page.study).question):
        _content(page)


def _content(page: StudyPage) -> None:
    answer = st.container()
    answered: Answered | None = None
    good, _ = controls.usable()
    if not good:
        remedy = "Train one with `otoscope train`, or name its folder in OTOSCOPE_CHECKPOINTS."
        layout.empty("No checkpoint was found, so there is nothing to examine.", remedy)
    elif (choice := study_form.choose(page.study, good)) is not None:
        try:
            if (answered := answers.found_result(choice.study_request)) is None:
                answered, choice = _nearby(choice)
            if answered is not None:
                with answer:
                    layout.headline(answered.result.headline, *sentences(answered.result))
                    for sentence in cautions(answered.result):
                        st.caption(sentence)
                page.draw(answered.result, replace(choice, cut=Cut.of(answered.result)))
        except (OtoscopeError, OSError) as error:
            layout.error(str(error))
    with st.expander("How to read this, and how it misleads", icon=":material/help:"):
        st.markdown(page.how_to_read)
    if answered is None:
        layout.provenance()
        return
    source = {"source": answered.origin} if answered.origin else {}
    layout.provenance(study_facts.facts(answered.result) | source, answered.result.command)


def _nearby(choice: Choice) -> tuple[Answered | None, Choice]:
    """Offer to compute what was asked; until it is there, what came with the checkpoints and other settings, if anything did."""
    nearby = answers.nearby_result(choice.study_request)
    study_form.offer(choice, "" if nearby else study_form.elsewhere(choice))
    if nearby is None:
        return None, choice
    st.info(
        layout.plain(f"Until it is computed, the page shows what came with the checkpoints: {', '.join(nearby.differing)}."),
        icon=":material/history:",
    )
    settings = {name: value for name, value in nearby.result.request.items() if name not in ("checkpoints", "corpus")}
    return nearby, replace(choice, settings=settings)
