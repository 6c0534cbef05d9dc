"""The anatomy of every study page: question, headline with its control, controls, charts, how it misleads, provenance."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.results import Result
from analysis.studies.cautions import cautions, sentences
from analysis.studies.registry import find_study
from app import access, answers, controls, layout
from app.components import study_facts, study_form
from app.components.study_form import Choice


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
    result, origin = None, ""
    good, _ = controls.usable()
    if not good:
        remedy = "Train one with `otoscope train`, or name its folder in OTOSCOPE_CHECKPOINTS."
        layout.empty("No checkpoint was found, so there is nothing to examine.", remedy)
    elif (choice := study_form.choose(page.study, good)) is not None:
        try:
            result, origin = answers.found_result(page.study, choice.request, choice.checkpoints)
            if result is None:
                result, origin, choice = _nearby(page, choice)
            if result is not None:
                with answer:
                    layout.headline(result.headline, *sentences(result))
                    for sentence in cautions(result):
                        st.caption(sentence)
                page.draw(result, choice)
        except (OtoscopeError, OSError) as error:
            layout.error(str(error))
    with st.expander("How to read this, and how it misleads", icon=":material/help:"):
        st.markdown(page.how_to_read)
    if result is None:
        layout.provenance()
    else:
        layout.provenance(study_facts.facts(result) | ({"source": origin} if origin else {}), str(result.provenance["command"]))


def _nearby(page: StudyPage, choice: Choice) -> tuple[Result | None, str, Choice]:
    """Offer to compute what was asked; until it is there, what came with the checkpoints and other settings, if anything did."""
    study_form.ask(choice)
    result, differing = answers.nearby_result(page.study, choice.request, choice.checkpoints)
    if result is None:
        return None, "", choice
    st.info(
        layout.plain(f"Until it is computed, the page shows what came with the checkpoints: {differing}."),
        icon=":material/history:",
    )
    settings = {name: value for name, value in result.request.items() if name not in ("checkpoints", "corpus")}
    return result, f"came with the checkpoints, with other settings: {differing}", replace(choice, settings=settings)
