"""What of an examination is there already: every headline, or the reason why there is none, and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.files import JsonObject
from app import answers
from app.kit import job_words, study_facts
from app.kit.layout import plain

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint
    from analysis.studies.battery import Part


@dataclass(frozen=True)
class Selection:
    """What is to be examined."""

    checkpoints: tuple[Checkpoint, ...]
    corpus: str
    studies: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Names of the checkpoints."""
        return [checkpoint.name for checkpoint in self.checkpoints]


def parts(selection: Selection, document: JsonObject | None) -> list[Part]:
    """Per study a `Part` with the result that is stored or came with the checkpoints, or with neither result nor error.

    Args:
        selection: checkpoints, corpus and studies.
        document: of a finished job that examined the same: the reasons why a study could not be made, and its notices.
    """
    answers_of = {answer["study"]: answer for answer in (document or {}).get("studies", ())}
    return [_part(selection, study, answers_of.get(study, {})) for study in selection.studies]


def _part(selection: Selection, study: str, answer: JsonObject) -> Part:
    from analysis.studies.base.requests import build_request, command_of
    from analysis.studies.battery import Part, settings_for

    notices, error = tuple(answer.get("notices", ())), str(answer.get("error", ""))
    if error:
        return Part(study, str(answer["command"]), error=error, notices=notices)
    try:
        request = build_request(study, selection.names, settings_for(study, selection.corpus))
        answered = answers.found_result(answers.study_request(study, request, selection.checkpoints))
    except (OtoscopeError, OSError) as problem:
        return Part(study, "", error=str(problem), notices=notices)
    command = command_of(study, request)
    if answered is None:
        return Part(study, command, notices=notices)
    origins = (f"What is shown {answered.origin}.",) if answered.origin else ()
    return Part(study, command, answered.result, answered.key, notices=(*notices, *origins))


def draw(selection: Selection, parts: Sequence[Part]) -> None:
    """Every headline that is there, or the reason why there is none, and the report."""
    answered = sum(part.result is not None for part in parts)
    st.success(f"{answered} of {len(parts)} studies answered.", icon=":material/check_circle:")
    common = _common_notices(parts)
    for notice in common:
        st.caption(plain(notice))
    title = f"Examination of {', '.join(selection.names)} on {Path(selection.corpus).name}"
    arms = {checkpoint.name: checkpoint.arm for checkpoint in selection.checkpoints}
    st.download_button(
        "Report, as one HTML file", lambda: report(parts, arms, title), "report.html", "text/html",
        icon=":material/download:", type="primary",
    )  # fmt: skip
    for part in parts:
        if part.result is not None or part.error:
            st.markdown(f"**{plain(job_words.title(part.study))}**: {plain(_answer_text(part))}")
            for notice in dict.fromkeys(sentence for sentence in part.notices if sentence not in common):
                st.caption(plain(notice))


def facts(parts: Sequence[Part]) -> dict[str, str]:
    """What all answers were made from, for the footer; nothing where there is no answer."""
    facts_of = [study_facts.facts(part.result) for part in parts if part.result is not None]
    return (
        {name: fact for name, fact in facts_of[0].items() if all(facts_of_part.get(name) == fact for facts_of_part in facts_of)}
        if facts_of
        else {}
    )


def _common_notices(parts: Sequence[Part]) -> list[str]:
    """What is to be said of every answer, so that it is said once."""
    notices_of = [part.notices for part in parts if part.result is not None]
    return (
        [notice for notice in dict.fromkeys(notices_of[0]) if all(notice in notices for notices in notices_of)]
        if len(notices_of) > 1
        else []
    )


def _answer_text(part: Part) -> str:
    return part.result.headline if part.result else f"Not made: {part.error}"


def report(parts: Sequence[Part], arms: Mapping[str, str], title: str) -> str:
    """The report as HTML, of the studies that were answered or cannot be."""
    from analysis.report import report_page

    return report_page([part for part in parts if part.result is not None or part.error], arms, title)
