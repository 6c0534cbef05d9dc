"""The page of the summary: the best arm in a sentence, the figure, its table, and a sentence a test with the way to its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.studies.base.registry import find_study
from analysis.studies.shipped import SHIPPED, SHIPPED_CONTROLS
from analysis.studies.summary.panels import Panel, Summary
from analysis.studies.summary.rows import CellRow
from app import answers, state
from app.charts import summary as chart
from app.kit import actions, controls, layout, study_facts
from app.kit.layout import plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from analysis.models.checkpoint import Checkpoint
    from analysis.studies.summary.summarise import Summed

WIDGET = f"{controls.CHECKPOINTS_WIDGET}_summary"
WIDTHS = {"without_a4": 184, "band": 224}  # pixels of columns that say more than a number
TABLE_ALT = "A row a checkpoint, a column a test, with 95 % intervals; ○: not distinguishable from the null"
NOTE = "○ not distinguishable from the null of its test. Controls stand below their arm and are not ranked."


def show(how_to_read: str) -> None:
    """Choose checkpoints, and see what is at hand about them."""
    with layout.page("What do these checkpoints do, at a glance?"):
        _content(how_to_read)


def _content(how_to_read: str) -> None:
    from analysis.studies.summary.words import bottleneck

    answer = st.container()
    good, _ = controls.usable()
    summed = None
    if not good:
        remedy = "Train one with `otoscope train`, or name its folder in OTOSCOPE_CHECKPOINTS."
        layout.empty("No checkpoint was found, so there is nothing to sum up.", remedy)
    elif (chosen := _choose(good)) is not None:
        try:
            summed = _sum_up(*chosen)
            _draw(summed, answer)
        except (OtoscopeError, OSError) as error:
            layout.error(str(error))
    with st.expander("How to read this, and how it misleads", icon=":material/help:"):
        st.markdown(f"{how_to_read}- {plain(bottleneck())}\n")
    if summed is None:
        layout.provenance()
    else:
        layout.provenance(study_facts.facts(summed.result), summed.result.command)


def _choose(good: Sequence[Checkpoint]) -> tuple[list[Checkpoint], str] | None:
    """Checkpoints and corpus; None, with the reason said, where no checkpoint is chosen."""
    first, second = st.columns([8, 3], vertical_alignment="bottom")
    with first:
        checkpoints = controls.pick_checkpoints(good, (*SHIPPED, *SHIPPED_CONTROLS), WIDGET)
    with second:
        corpus = controls.pick_corpus()
    if not checkpoints:
        layout.empty("No checkpoint is chosen.", "Choose one or more above.")
        return None
    return checkpoints, corpus


def _sum_up(checkpoints: list[Checkpoint], corpus: str) -> Summed:
    from analysis.studies.summary.summarise import sum_up

    with st.spinner("Reading what is at hand …", show_time=False):
        return sum_up(checkpoints, [str(checkpoint.name) for checkpoint in checkpoints], corpus, answers.results_with)


def _draw(summed: Summed, answer: DeltaGenerator) -> None:
    from analysis.studies.summary.words import pools_sentence, second_line

    summary, result = summed.summary, summed.result
    with answer:
        layout.headline(result.headline, second_line(summary), pools_sentence(summary))
    names = [subject.name for subject in summary.subjects]
    links = {panel.question.key: _address(panel, names) for panel in summary.panels}
    actions.figure(chart.panels(summary, links), "panels", result, result.rows(CellRow))
    _table(summary)
    _which_and_why(summed, names)


def _address(panel: Panel, names: Sequence[str]) -> str:
    """The page of a test with the same checkpoints, relative to this one."""
    parameters = {name: value for name, value in state.address().items() if name == "corpus"} | {"checkpoints": list(names)}
    return actions.link(panel.question.studies[0], parameters)


def _table(summary: Summary) -> None:
    """The figure as text, for those who cannot or would rather not see it."""
    from analysis.studies.summary.words import cell_text

    rows = [
        {"checkpoint": f"{'↳ ' if subject.is_control else ''}{subject.name}"}
        | {panel.question.title: cell_text(panel.cell(subject.name)) for panel in summary.panels}
        for subject in summary.subjects
    ]
    columns = {"checkpoint": st.column_config.TextColumn("checkpoint", pinned=True, width=150)} | {
        panel.question.title: st.column_config.TextColumn(
            panel.question.title, width=WIDTHS.get(panel.question.key, 152), help=panel.question.axis
        )
        for panel in summary.panels
    }
    st.dataframe(rows, column_config=columns, hide_index=True, alt=TABLE_ALT)
    st.caption(NOTE)


def _which_and_why(summed: Summed, names: Sequence[str]) -> None:
    """A sentence a test, each with the way to its page; what controls say comes in their own words, which name their arm."""
    from analysis.studies.summary.words import sentence

    st.subheader("Which, and why?", anchor=False)
    summary = summed.summary
    for panel in summary.panels:
        _line(panel.question.title, sentence(panel, summary.real), panel.question.studies[0], names)
        for note in (*_settings(panel), panel.note):
            if note and not panel.is_empty:
                st.caption(plain(note))
    controlled = summed.at_hand.get("controls", ())
    if controlled and any(subject.is_control for subject in summary.subjects):
        _line("Information or parameters", controlled[0].result.headline, "controls", names)
    origins = dict.fromkeys(origin for panel in summary.panels for origin in panel.origins)
    if origins:
        st.caption(plain(f"Of these numbers, some {'; some '.join(origins)}."))


def _settings(panel: Panel) -> list[str]:
    return [f"With other settings than the usual ones: {', '.join(panel.differing)}."] if panel.differing else []


def _line(title: str, sentence: str, study: str, names: Sequence[str]) -> None:
    text, way = st.columns([10, 3], vertical_alignment="center")
    text.markdown(f"**{plain(title)}.** {plain(sentence)}")
    with way:
        parameters = state.carried(study) | {"checkpoints": list(names)}
        layout.way(find_study(study).title, study, ":material/arrow_forward:", parameters)
