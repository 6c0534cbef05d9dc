"""From a bad rank to its sound: the worst queries, and what was ranked first instead."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import streamlit as st

from analysis.results import Result
from analysis.studies.retrieval.rows import RanksRow
from analysis.studies.shared_rows import WindowRow
from app.kit import player, study_facts
from app.kit.plain import plain
from app.kit.study_form import Choice
from app.studies.retrieval.answer import MISSES_OF, pool_number

MOST = 20
COLUMNS = {
    "rank": st.column_config.NumberColumn("rank", format="%d", width=56, help="Place of the match among the candidates"),
    "piece": st.column_config.TextColumn("piece", width=310),
}


def draw(result: Result, choice: Choice, pool: str) -> None:
    """The queries whose match ranks lowest; the chosen one can be heard beside what came first instead."""
    st.subheader("Hear the misses", anchor=False)
    names = study_facts.names_of(result)
    checkpoint = names[0]
    if len(names) > 1:
        checkpoint = st.selectbox("Misses of", names, key=MISSES_OF, width=320)
    missed = worst(result, checkpoint, pool)
    if not missed:
        st.caption(f"{plain(checkpoint)} ranks the match of every query first: there is no miss to hear.")
        return
    windows = result.rows(WindowRow)
    rows = [MissedWindow(windows[miss.window], miss.rank) for miss in missed]

    def ranked_first(number: int) -> None:
        miss = missed[number]
        first = windows[first_wrong(result, checkpoint, pool, miss.query)]
        title = f"Ranked first instead, the match being number {miss.rank}"
        player.play(title, choice, first.piece, first.start_s)
        st.caption("Heard is the recording of the MIDI window that was ranked first.")

    key = f"misses_{pool}_{names.index(checkpoint)}"
    player.pick(rows, choice, key, title="Asked: this audio", columns=COLUMNS, more=ranked_first)
    st.caption(f"Audio windows of {choice.cut.window_s:g} s as queries, MIDI windows as candidates.")


@dataclass(frozen=True)
class MissedWindow:
    """A window that asked, and the rank of its match."""

    window: WindowRow
    rank: int

    def record(self) -> dict[str, object]:
        """Its row of the table."""
        return {"rank": self.rank, **self.window.record()}


class Miss(NamedTuple):
    """Number of the query, rank of its match, and number of its window."""

    query: int
    rank: int
    window: int


def worst(result: Result, checkpoint: str, pool: str) -> list[Miss]:
    """Queries from audio to MIDI whose match is not first, the worst before the others."""
    ranks = result.arrays[_ranked(result, checkpoint, pool).array][0]
    query = result.arrays[f"query.{pool_number(result, pool)}"]
    order = np.argsort(-ranks, kind="stable")[:MOST]
    return [Miss(int(row), int(ranks[row]), int(query[row])) for row in order if ranks[row] > 1]


def first_wrong(result: Result, checkpoint: str, pool: str, query: int) -> int:
    """Number of the window that the checkpoint ranks highest among the wrong ones."""
    return int(result.arrays[_ranked(result, checkpoint, pool).instead][query])


def _ranked(result: Result, checkpoint: str, pool: str) -> RanksRow:
    """What the trained model ranked."""
    wanted = (checkpoint, "trained", pool)
    return next(row for row in result.rows(RanksRow) if (row.checkpoint, row.weights, row.pool) == wanted)
