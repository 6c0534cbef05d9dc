"""Pages drawn from results that are made up, for the tests in the browser: `?page=` names one. Streamlit runs this."""

import contextlib
from types import SimpleNamespace
from typing import Any, cast

import streamlit as st

from analysis.results import Result
from analysis.studies.shared_rows import WindowRow
from app import caching, state
from app.charts import doses
from app.charts.mark import Mark
from app.kit import actions, layout, player
from app.kit.player import ListedWindow
from app.kit.study_form import Choice
from app.studies import invariance as invariance_answer
from app.studies import similarity as similarity_answer
from app.studies.retrieval import answer, hard_queries
from tests.app.conftest import scoreboard
from tests.app.test_invariance_page import changed
from tests.app.test_similarity_page import compared

NOBODY = Result("bands", {"checkpoints": ["one"]}, "Nothing.", [], {}, {}, {"command": "otoscope"})


def choice_of(*names: str) -> Choice:
    found = [SimpleNamespace(name=name, arm="D0", config={}) for name in names]
    return cast(Any, SimpleNamespace(corpus="small", checkpoints=found, cut=player.USUAL, alone=[]))


def coinciding() -> None:
    """Trained and untrained at the same places, the trained first among the marks."""
    kind = state.address()["kind"][0]
    marks = [Mark("", "one", 0.5, 0.4, 0.6, 0.0, at=at, key=(twin,), twin=twin) for twin in (False, True) for at in (1.0, 2.0)]
    drawing = {"curves": doses.curves, "panels": doses.panels}[kind](marks, x_title="dose (Hz)", y_title="S (%)")
    st.text(f"chosen: {actions.figure(drawing, kind, NOBODY, select=('points',))}")


def rows() -> None:
    windows = [WindowRow(f"piece {number}", 1.0 * number) for number in range(5)]
    table = [ListedWindow(window, {"share": window.start_s}) for window in windows]
    st.text(f"chosen: row {player.pick(table, choice_of('one'), 'rows')}")


def invariance() -> None:
    invariance_answer.draw(changed("one", "two"), choice_of("one", "two"))


def similarity() -> None:
    similarity_answer.draw(compared("one"), choice_of("one"))


def retrieval() -> None:
    result = scoreboard("one", "two")
    answer.draw(result, "canonical", {})
    hard_queries.draw(result, choice_of("one", "two"), "canonical")


PAGES = {page.__name__: page for page in (coinciding, rows, invariance, similarity, retrieval)}

if __name__ == "__main__":
    caching.pieces = lambda corpus: {}
    name = str((state.address().get("page") or [state.recall("page")])[0])  # a page writes its own address
    state.keep("page", name)
    kind = state.address().get("kind", [])
    st.text(" ".join(["made up:", name, *kind]))
    with contextlib.nullcontext() if name == "coinciding" else layout.page("Made in a test"):
        PAGES[name]()
