"""From a bad rank to its sound: the worst queries, and what was ranked first instead."""

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from analysis.results import Result
from app import caching, controls
from app.components import retrieval_answer
from app.components.plain import plain
from app.components.retrieval_form import Choice

MOST, FEW = 20, 8
TABLE_PX = 320
WINDOW_S = 4.0
COLUMNS = {
    "rank": st.column_config.NumberColumn("rank", format="%d", width=56, help="Place of the match among the candidates"),
    "piece": st.column_config.TextColumn("piece", width=310),
    "start": st.column_config.TextColumn("start", width=56),
}


def draw(result: Result, choice: Choice) -> None:
    """The queries whose match ranks lowest; the chosen one can be heard beside what came first instead."""
    st.subheader("Hear the misses", anchor=False)
    names = retrieval_answer.names_of(result)
    checkpoint = names[0]
    if len(names) > 1:
        checkpoint = st.selectbox("Misses of", names, key="misses_of", width=320)
    found = worst(result, checkpoint, choice.pool)
    if not found:
        st.caption(f"{plain(checkpoint)} ranks the match of every query first: there is no miss to hear.")
        return
    windows = result.tables["windows"]
    rows = [{"rank": rank, "piece": str(windows[at]["piece"]), "start": clock(windows[at]["start_s"])} for _, rank, at in found]
    left, right = st.columns([5, 4], gap="medium")
    with left:
        picked = st.dataframe(
            rows, column_config=COLUMNS, hide_index=True, height=TABLE_PX if len(rows) > FEW else "content", on_select="rerun",
            selection_mode="single-row-required", selection_default={"selection": {"rows": [0]}},
            key=f"misses_{choice.pool}_{names.index(checkpoint)}", alt="The worst queries; the chosen row is heard beside it",
        )  # fmt: skip
        st.caption("Audio windows of 4 s as queries, MIDI windows as candidates.")
    chosen = picked["selection"]["rows"]
    query, rank, at = found[chosen[0] if chosen and chosen[0] < len(found) else 0]
    with right:
        _heard("Asked: this audio", choice.corpus, windows[at])
        first = _first_instead(result, choice, checkpoint, query)
        if first is None:
            st.caption("What was ranked first instead cannot be told: the embeddings are no longer stored.")
        else:
            _heard(f"Ranked first instead, the match being number {rank}", choice.corpus, windows[first])
            st.caption("Heard is the recording of the MIDI window that was ranked first.")


def worst(result: Result, checkpoint: str, pool: str) -> list[tuple[int, int, int]]:
    """Number of the query, rank of its match and number of its window; audio to MIDI, the worst first, matches found left out."""
    ranks = next(
        (
            result.arrays[row["array"]][0]
            for row in result.tables["ranks"]
            if (row["checkpoint"], row["weights"], row["pool"]) == (checkpoint, "trained", pool)
        ),
        np.empty(0, np.int64),
    )
    query = result.arrays[f"query.{_pool_number(result, pool)}"]
    order = np.argsort(-ranks, kind="stable")[:MOST]
    return [(int(row), int(ranks[row]), int(query[row])) for row in order if ranks[row] > 1]


def clock(seconds: float) -> str:
    """A place in a recording.

    >>> clock(75.0), clock(9.0)
    ('1:15', '0:09')
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _pool_number(result: Result, pool: str) -> int:
    return next(int(row["array"]) for row in result.tables["pools"] if row["pool"] == pool)


def _first_instead(result: Result, choice: Choice, checkpoint: str, query: int) -> int | None:
    """The window that the checkpoint ranked before the match; None where its embeddings are gone."""
    one = next((one for one in choice.checkpoints if str(one.name) == checkpoint), None)
    embeddings = None if one is None else caching.stored_embeddings(one, choice.corpus, result)
    if embeddings is None:
        return None
    from analysis.measures.retrieval import pool_similarities

    audio, midi = embeddings
    number = _pool_number(result, choice.pool)
    at, candidates = result.arrays[f"query.{number}"][query], np.asarray(result.arrays[f"candidates.{number}"][query])
    similarity = pool_similarities(audio[at][None], midi, candidates[None])[0]
    return int(candidates[1 + int(np.argmax(similarity[1:]))])


def _heard(title: str, corpus: str, window: Any) -> None:
    """A window with its place and its sound; a sentence where the recording has gone."""
    start_s = float(window["start_s"])
    st.markdown(f"**{plain(title)}**: {plain(str(window['piece']))}, {clock(start_s)} to {clock(start_s + WINDOW_S)}")
    piece = caching.pieces(corpus).get(str(window["piece"]))
    if piece is None or not Path(piece.audio_path).is_file():
        st.caption("The recording is no longer there.")
        return
    st.audio(caching.excerpt(str(piece.audio_path), start_s, start_s + WINDOW_S, controls.SAMPLE_RATE), format="audio/wav")
