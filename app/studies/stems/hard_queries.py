"""From a wrong choice to its sound: the anchor, the candidate that belongs to it, and the one that was chosen."""

from collections import Counter
from dataclasses import dataclass

import streamlit as st

from analysis.results import Result
from analysis.studies.shared_rows import WorkWindowRow
from analysis.studies.stems.rows import AccuracyRow, MaterialRow, StemRow
from app import caching
from app.kit import row_choice, study_facts
from app.kit.plain import plain
from app.kit.player import Cut, clock

MOST, TABLE_PX, FEW = 20, 320, 8
CHECKPOINT = "wrong_choices_of"  # key of the widget
COLUMNS = {
    "right": st.column_config.TextColumn("right", width=76, help="In how many of the partitions its own was chosen"),
    "start": st.column_config.TextColumn("start", width=56),
    "piece": st.column_config.TextColumn("piece", width=220),
    "anchor": st.column_config.TextColumn("anchor", width=88),
    "candidate": st.column_config.TextColumn("its own", width=88, help="The stems that belong to the anchor"),
}


@dataclass(frozen=True)
class WrongChoice:
    """A window whose anchor chose stems of another window, in the first partition.

    Attributes:
        window: number of the window.
        chosen: number of the window that was chosen.
        right: share of partitions in which its own was chosen.
    """

    window: int
    chosen: int
    right: float


def draw(result: Result, negatives: str) -> None:
    """The windows whose own candidate is chosen most rarely; of the chosen row three sounds."""
    st.subheader("Hear the wrong choices", anchor=False)
    names = study_facts.names_of(result)
    checkpoint = st.selectbox("Choices of", names, key=CHECKPOINT, width=320) if len(names) > 1 else names[0]
    row = behind(result, checkpoint, negatives)
    wrong = wrong_choices(result, row)
    if not wrong:
        st.caption(f"{plain(checkpoint)} chooses what belongs to every anchor in the first partition: there is nothing to hear.")
        return
    left, right = st.columns([5, 4], gap="medium")
    with left:
        height = TABLE_PX if len(wrong) > FEW else "content"
        alt = "Windows; of the chosen row three sounds are heard beside it"
        shown = [record(result, choice) for choice in wrong]
        key = f"wrong_choices_{negatives}_{names.index(checkpoint)}"
        number = row_choice.pick_row(shown, key, alt=alt, columns=COLUMNS, height=height)
    with right:
        choice = wrong[number]
        _play(result, "Anchor", choice.window, "anchor")
        _play(result, "Belongs to it", choice.window, "positive")
        _play(result, "Chosen instead", choice.chosen, "positive")
    st.caption(f"Choices of the first partition among {row.candidates} candidates, wrong ones from: {row.negatives}.")


def behind(result: Result, checkpoint: str, negatives: str) -> AccuracyRow:
    """The row of a trained checkpoint with the most candidates."""
    whose = checkpoint, "trained", negatives
    rows = [row for row in result.rows(AccuracyRow) if (row.checkpoint, row.weights, row.negatives) == whose]
    return max(rows, key=lambda row: row.candidates)


def wrong_choices(result: Result, row: AccuracyRow) -> list[WrongChoice]:
    """Windows whose anchor chose another's stems in the first partition, those first that are rarely right.

    Of equally rare ones every recording has its first before any has its second.
    """
    right, chosen, windows = result.arrays[row.right], result.arrays[row.chosen], result.rows(WorkWindowRow)
    wrong = [WrongChoice(number, int(of), float(right[number])) for number, of in enumerate(chosen) if of != number]
    turns: Counter[tuple[float, str]] = Counter()
    ranked: list[tuple[float, int, int, WrongChoice]] = []
    for choice in wrong:
        whose = choice.right, windows[choice.window].piece
        ranked.append((choice.right, turns[whose], choice.window, choice))
        turns[whose] += 1
    return [choice for *_, choice in sorted(ranked, key=lambda of: of[:3])[:MOST]]


def record(result: Result, choice: WrongChoice) -> dict[str, object]:
    """The row of the table."""
    window, (material,) = result.rows(WorkWindowRow)[choice.window], result.rows(MaterialRow)
    return {
        "right": f"{choice.right * material.partitions:.3g} of {material.partitions}",
        "start": clock(window.start_s),
        "anchor": _titles(result, choice.window, "anchor"),
        "candidate": _titles(result, choice.window, "positive"),
        "piece": window.piece,
    }


def stems_of(result: Result, number: int, part: str) -> list[StemRow]:
    """The stems of the anchor or of the candidate of a window in the first partition; `part` is "anchor" or "positive"."""
    piece, bits = result.rows(WorkWindowRow)[number].piece, int(result.arrays[part][number])
    return [row for row in result.rows(StemRow) if row.piece == piece and bits >> row.number & 1]


def _titles(result: Result, number: int, part: str) -> str:
    return " + ".join(row.title for row in stems_of(result, number, part))


def _play(result: Result, title: str, number: int, part: str) -> None:
    """A part of a window with its place and its sound; a sentence where the recording is not there."""
    window, cut = result.rows(WorkWindowRow)[number], Cut.of(result)
    stop_s = window.start_s + cut.window_s
    where = f"{plain(window.piece)}, {clock(window.start_s)} to {clock(stop_s)}"
    st.markdown(f"**{title}**: {plain(_titles(result, number, part))}  \n{where}")
    corpus, names = str(result.corpus), tuple(row.name for row in stems_of(result, number, part))
    piece = caching.pieces(corpus).get(window.piece)
    if piece is None or set(names) - {stem.name for stem in piece.stems}:
        st.caption("The recording or its stems are no longer there.")
    elif not all(path.is_file() for stem in piece.stems for path in stem.audio_paths):
        st.caption("Its stems have not been rendered on this machine yet.")
        if st.button("Render them", icon=":material/play_circle:", key=f"render_{title}_{number}"):
            with st.spinner("Rendering; this happens once …", show_time=True):
                caching.render_piece(corpus, window.piece)
            st.rerun()
    else:
        sound = caching.mix_excerpt(corpus, window.piece, names, window.start_s, stop_s, cut.sample_rate)
        st.audio(sound, format="audio/wav", alt=f"{title}: {window.piece} from {clock(window.start_s)}")
