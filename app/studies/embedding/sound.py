"""The windows that are chosen in a map of embeddings, to be heard and to be taken along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from analysis.results import Result
from analysis.studies.embedding.rows import DescribedWindowRow, ProjectionRow, SpaceRow
from app.kit import player
from app.kit.study_form import Choice
from app.studies.embedding import selection
from app.studies.embedding.points import MapPoint, array_of, sides_of

MOST = 20
LOOP = "Draw a loop around points, or click one, to choose windows and to hear them."
COLUMNS = {
    "points": st.column_config.TextColumn("points", width=58, help="Which points of this window are chosen"),
    "cosine": st.column_config.NumberColumn("cosine", width=60, format="%.2f", help="Cosine of its audio and its MIDI"),
    "shared": st.column_config.NumberColumn(
        "shared", width=60, format="percent", help="Neighbours that its audio and its MIDI have in common"
    ),
    "piece": st.column_config.TextColumn("piece", width=230),
}


@dataclass(frozen=True)
class Listed:
    """A window of the list below the map: which of its points are chosen, how close its two sides are."""

    window: DescribedWindowRow
    sides: str
    cosine: float | None
    shared: float | None

    def record(self) -> dict[str, object]:
        """Its row of the list."""
        first = {"points": self.sides} if self.sides else {}
        cosine = {} if self.cosine is None else {"cosine": self.cosine}
        shared = {} if self.shared is None else {"shared": self.shared}
        return {**first, **cosine, **shared, "start_s": self.window.start_s, "piece": self.window.piece}


def draw(result: Result, choice: Choice, row: ProjectionRow, picked: Sequence[MapPoint]) -> None:
    """The windows chosen in the map, or those whose two sides are farthest apart; each can be heard."""
    listed, alone = chosen_windows(result, row, picked) if picked else farthest(result, row), len(sides_of(result)) == 1
    st.subheader("Hear the chosen windows" if picked or alone else "Hear the pairs that lie farthest apart", anchor=False)
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left:
        joint = all(space.joint for space in result.rows(SpaceRow))
        st.caption(LOOP if alone and not picked else _what(len(picked), len(listed), joint))
    if picked:
        right.button("Choose none", icon=":material/deselect:", key="choose_none", type="tertiary", on_click=selection.drop)
        right.download_button(
            "Chosen points, as CSV", lambda: points_csv(result, row, picked), f"{result.study}-chosen.csv", "text/csv",
            icon=":material/download:", key="csv_chosen", type="tertiary",
        )  # fmt: skip
    if not listed:
        return
    rival = array_of(result, "rival", row.model)
    windows = result.rows(DescribedWindowRow)

    def nearest(number: int) -> None:
        if rival is not None:
            near = windows[int(rival[0, listed[number].window.window])]
            player.play("The MIDI of another work nearest to this audio", choice, near.piece, near.start_s)

    first = listed[0].window.window if listed else ""
    mine = "_".join(map(str, (row.array, len(picked), len(listed), first))) if listed else "none"
    player.pick(listed, choice, f"chosen_{mine}", title="This window", columns=COLUMNS, more=nearest)


def _what(n_points: int, n_windows: int, joint: bool) -> str:
    """What the list shows.

    >>> _what(3, 1, True)
    '3 points of 1 window are chosen. Heard is the recording; a MIDI point is the same seconds of its MIDI file.'
    """
    heard = "Heard is the recording; a MIDI point is the same seconds of its MIDI file."
    if n_points:
        text = f"{n_points} point{'s' * (n_points > 1)} of {n_windows} window{'s' * (n_windows > 1)}"
        return f"{text} {'are' if n_points > 1 else 'is'} chosen. {heard}"
    how = "by their cosine in the space, not on the map" if joint else "by the neighbours that both sides have in common"
    return f"Draw a loop around points, or click one, to choose windows. Until then: the {n_windows} pairs farthest apart, {how}."


def chosen_windows(result: Result, row: ProjectionRow, picked: Sequence[MapPoint]) -> list[Listed]:
    """The windows with a chosen point, in the order of the corpus: which of its points, how close its pair is."""
    sides: dict[int, list[str]] = {}
    for point in picked:
        sides.setdefault(point.window.window, []).append("MIDI" if point.side == "midi" else point.side)
    chosen = {number: "both" if len(names) > 1 else names[0] for number, names in sorted(sides.items())}
    return _listed(result, row, chosen)


def farthest(result: Result, row: ProjectionRow) -> list[Listed]:
    """The windows whose two sides are farthest apart in the space, the worst first."""
    cosine = array_of(result, "cosine", row.model)
    close = array_of(result, "shared", row.model) if cosine is None else cosine
    order = [] if close is None else np.argsort(close, kind="stable")[:MOST].tolist()
    return _listed(result, row, dict.fromkeys(order, ""))


def _listed(result: Result, row: ProjectionRow, chosen: Mapping[int, str]) -> list[Listed]:
    """Windows by their numbers, with the names of the sides that are chosen."""
    windows = result.rows(DescribedWindowRow)
    cosine, shared = array_of(result, "cosine", row.model), array_of(result, "shared", row.model)
    return [
        Listed(windows[i], sides, None if cosine is None else float(cosine[i]), None if shared is None else float(shared[i]))
        for i, sides in chosen.items()
    ]


def points_csv(result: Result, row: ProjectionRow, picked: Sequence[MapPoint]) -> str:
    """The chosen points of a map with everything that is known of them, as CSV."""
    import pandas as pd

    from analysis.studies.embedding.table import of_map, points_table, without_formulas

    table = points_table(result)
    for name, of in of_map(row).items():
        table = table[table[name] == of]
    wanted = {(point.side, point.window.window) for point in picked}
    keep = [pair in wanted for pair in zip(table["modality"], table["window"], strict=True)]
    return without_formulas(pd.DataFrame(table[keep])).to_csv(index=False, lineterminator="\r\n")
