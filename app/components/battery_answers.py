"""What of an examination is there already: every headline, or the reason why there is none, and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from analysis.errors import OtoscopeError
from app import answers
from app.components import job_words, study_facts
from app.layout import plain

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


def parts(selection: Selection, document: Mapping[str, Any] | None) -> list[Part]:
    """Per study a `Part` with the result that is stored or came with the checkpoints, or with neither result nor error.

    Args:
        selection: checkpoints, corpus and studies.
        document: of a finished job that examined the same: the reasons why a study could not be made, and its notices.
    """
    told = {one["study"]: one for one in (document or {}).get("studies", ())}
    return [_part(selection, study, told.get(study, {})) for study in selection.studies]


def _part(selection: Selection, study: str, told: Mapping[str, Any]) -> Part:
    from analysis.studies.battery import Part, settings_for
    from analysis.studies.requests import build_request, command_of

    notices, error = tuple(told.get("notices", ())), str(told.get("error", ""))
    if error:
        return Part(study, str(told["command"]), error=error, notices=notices)
    try:
        request = build_request(study, selection.names, settings_for(study, selection.corpus))
        answered = answers.found_result(answers.ask(study, request, selection.checkpoints))
    except (OtoscopeError, OSError) as problem:
        return Part(study, "", error=str(problem), notices=notices)
    command = command_of(study, request)
    if answered is None:
        return Part(study, command, notices=notices)
    origins = (f"What is shown {answered.origin}.",) if answered.origin else ()
    return Part(study, command, answered.result, answered.key, notices=(*notices, *origins))


def draw(selection: Selection, found: Sequence[Part]) -> None:
    """Every headline that is there, or the reason why there is none, and the report."""
    answered = sum(part.result is not None for part in found)
    st.success(f"{answered} of {len(found)} studies answered.", icon=":material/check_circle:")
    common = _common_notices(found)
    for notice in common:
        st.caption(plain(notice))
    title = f"Examination of {', '.join(selection.names)} on {Path(selection.corpus).name}"
    arms = {checkpoint.name: checkpoint.arm for checkpoint in selection.checkpoints}
    st.download_button(
        "Report, as one HTML file", lambda: report(found, arms, title), "report.html", "text/html",
        icon=":material/download:", type="primary",
    )  # fmt: skip
    for part in found:
        if part.result is not None or part.error:
            st.markdown(f"**{plain(job_words.title(part.study))}**: {plain(_said(part))}")
            for notice in dict.fromkeys(one for one in part.notices if one not in common):
                st.caption(plain(notice))


def facts(found: Sequence[Part]) -> dict[str, str]:
    """What all answers were made from, for the footer; nothing where there is no answer."""
    told = [study_facts.facts(part.result) for part in found if part.result is not None]
    return {name: fact for name, fact in told[0].items() if all(one.get(name) == fact for one in told)} if told else {}


def _common_notices(found: Sequence[Part]) -> list[str]:
    """What is to be said of every answer, so that it is said once."""
    told = [part.notices for part in found if part.result is not None]
    return [notice for notice in dict.fromkeys(told[0]) if all(notice in one for one in told)] if len(told) > 1 else []


def _said(part: Part) -> str:
    return part.result.headline if part.result else f"Not made: {part.error}"


def report(found: Sequence[Part], arms: Mapping[str, str], title: str) -> str:
    """The report as HTML, of the studies that were answered or cannot be."""
    from analysis.report import report_page

    return report_page([part for part in found if part.result is not None or part.error], arms, title)
