"""The table of checkpoints; its chosen row is the chosen checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from analysis.models.arms import control_of
from analysis.training.comparison import Score, by_score, in_words, read_score
from app import caching, state
from app.components import row_choice
from app.components.arms import OF_CONTROLS, marked
from app.components.plain import plain

if TYPE_CHECKING:
    from analysis.models.checkpoint import BrokenCheckpoint, Checkpoint

NONE = "—"
LARGEST = 2**53 - 1  # that a browser can show as a whole number
UNSHOWABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # what values from elsewhere may run into
COLUMNS = {
    "name": st.column_config.TextColumn("name", pinned=True, width=140),
    "S": st.column_config.TextColumn("S, canonical pool", width=136, help="With its 95 % interval, bootstrap over works"),
    "untrained": st.column_config.TextColumn("untrained twin", width=120, help="The same architecture after zero steps"),
    "arm": st.column_config.TextColumn("arm", width=132),
    "family": st.column_config.TextColumn("family", width=86),
    "parameters": st.column_config.NumberColumn("parameters", width=80, format="%,d", help="Counted"),
    "data": st.column_config.TextColumn("training data", width=140),
    "steps": st.column_config.NumberColumn("steps", width=50, format="%,d"),
    "sha256": st.column_config.TextColumn("SHA-256", width=98, help="Of the weights, the first 12 digits"),
}


def pick(good: Sequence[Checkpoint], clicked: str = "") -> Checkpoint:
    """Draw the table, highest S first, controls below their arm; the checkpoint of the chosen row.

    Args:
        good: checkpoints.
        clicked: name of the one that was just clicked in a figure, which becomes the chosen one.
    """
    named: dict[str, Checkpoint] = {}
    for one in good:
        named.setdefault(str(one.name), one)
    ordered = by_score(named.values())
    names = [str(one.name) for one in ordered]
    wanted = state.get_text("checkpoint")
    default = names.index(wanted) if wanted in names else 0
    key = table_key(names) + (f"_{state.arrivals()}" if state.arrivals() else "")  # anew where the address chooses the row
    if clicked in names:
        row_choice.choose(key, names.index(clicked))
    row = row_choice.pick_row(
        [_row_or_fault(one) for one in ordered],
        key,
        alt="Checkpoints; the chosen row is shown below",
        start=default,
        columns=COLUMNS,
        height="auto",
        placeholder=NONE,
    )
    if any(control_of(str(one.arm)) for one in ordered):
        st.caption(OF_CONTROLS)
    state.put("checkpoint", names[row])
    if len(named) < len(good):
        _warn_of_doubles(good, named)
    return ordered[row]


def table_key(names: Sequence[str]) -> str:
    """Another key for another list: a row number means nothing in a list that has changed."""
    return "checkpoints_" + hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


def broken(found: Sequence[BrokenCheckpoint]) -> None:
    """Folders that cannot be opened, each with its reason."""
    if found:
        lines = [f"- **{plain(one.path.name)}**: {plain(one.reason)}" for one in found]
        noun = "One folder" if len(found) == 1 else f"{len(found)} folders"
        st.warning("\n".join([f"{noun} cannot be opened:", *lines]), icon=":material/warning:")


def _row_or_fault(one: Checkpoint) -> dict[str, Any]:
    """The row of a checkpoint; where what it says of itself cannot be shown, its name and that."""
    try:
        return _row(one)
    except UNSHOWABLE:
        return {"name": str(one.name), "S": "cannot be shown", "sha256": str(one.sha256)[:12]}


def _row(one: Checkpoint) -> dict[str, Any]:
    trained, twin = read_score(one.evaluation), read_score(one.evaluation, "untrained")
    counts, steps, pieces = caching.described(one).parameters, one.training.get("steps"), one.training.get("n_train_pieces")
    corpus = one.training.get("corpus")
    data = f"{corpus}, {pieces} pieces" if corpus and pieces else str(corpus or "") or None
    return {
        "name": marked(str(one.name), str(one.arm)),
        "S": _sortable(trained) if trained else None,
        "untrained": in_words(twin) if twin else None,
        "arm": f"{one.arm} ({one.scale})" if one.scale else str(one.arm),
        "family": one.of_family.title,
        "parameters": counts["total"] if counts else None,
        "data": data,
        "steps": steps if type(steps) is int and abs(steps) <= LARGEST else None,
        "sha256": str(one.sha256)[:12],
    }


def _sortable(score: Score) -> str:
    """With a space before numbers below ten, since the table sorts text."""
    return f" {in_words(score)}" if score.value < 0.0995 else in_words(score)


def _warn_of_doubles(good: Sequence[Checkpoint], named: dict[str, Checkpoint]) -> None:
    hidden = [one.path for one in good if one is not named[str(one.name)]]
    lines = [f"- {plain(str(path))}: there is another checkpoint {plain(path.name)}, and only that is listed" for path in hidden]
    st.warning("\n".join(["Names must differ; rename these folders:", *lines]), icon=":material/warning:")
