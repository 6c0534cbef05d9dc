"""The table of checkpoints; its chosen row is the chosen checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, get_args

import streamlit as st

from analysis.models.arms import control_of
from analysis.training.comparison import Evaluated, by_score, other_score
from analysis.training.scores import Pool, RetrievalScore, Weights, read_score, score_text
from app import caching, state
from app.kit import row_choice
from app.kit.arms import OF_CONTROLS, marked
from app.kit.plain import plain

if TYPE_CHECKING:
    from analysis.models.checkpoint import BrokenCheckpoint, Checkpoint

NONE = "—"
LARGEST = 2**53 - 1  # that a browser can show as a whole number
UNSHOWABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # what values from elsewhere may run into
COLUMNS = {
    "name": st.column_config.TextColumn("name", pinned=True, width=140),
    "S": st.column_config.TextColumn("S, canonical pool", width=136, help="With its 95 % interval, bootstrap over works"),
    "untrained": st.column_config.TextColumn("untrained twin", width=120, help="The same architecture after zero steps"),
    "other": st.column_config.TextColumn("other score (twin)", width=190, help="Of models that hear sound alone"),
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
    for checkpoint in good:
        named.setdefault(str(checkpoint.name), checkpoint)
    ordered = by_score(named.values())
    names = [str(checkpoint.name) for checkpoint in ordered]
    wanted = state.get_text("checkpoint")
    default = names.index(wanted) if wanted in names else 0
    key = table_key(names) + (f"_{state.arrivals()}" if state.arrivals() else "")  # anew where the address chooses the row
    if clicked in names:
        row_choice.choose(key, names.index(clicked))
    row = row_choice.pick_row(
        [_row_or_fault(checkpoint) for checkpoint in ordered],
        key,
        alt="Checkpoints; the chosen row is shown below",
        start=default,
        columns=COLUMNS,
        height="auto",
        placeholder=NONE,
    )
    if any(control_of(str(checkpoint.arm)) for checkpoint in ordered):
        st.caption(OF_CONTROLS)
    state.put("checkpoint", names[row])
    if len(named) < len(good):
        _warn_of_doubles(good, named)
    return ordered[row]


def table_key(names: Sequence[str]) -> str:
    """Another key for another list: a row number means nothing in a list that has changed."""
    return "checkpoints_" + hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


def broken(folders: Sequence[BrokenCheckpoint]) -> None:
    """Folders that cannot be opened, each with its reason."""
    if folders:
        lines = [f"- **{plain(folder.path.name)}**: {plain(folder.reason)}" for folder in folders]
        noun = "One folder" if len(folders) == 1 else f"{len(folders)} folders"
        st.warning("\n".join([f"{noun} cannot be opened:", *lines]), icon=":material/warning:")


def _row_or_fault(checkpoint: Checkpoint) -> dict[str, object]:
    """The row of a checkpoint; where what it says of itself cannot be shown, its name and that."""
    try:
        return _row(checkpoint)
    except UNSHOWABLE:
        return {"name": str(checkpoint.name), "S": "cannot be shown", "sha256": str(checkpoint.sha256)[:12]}


def _row(checkpoint: Checkpoint) -> dict[str, object]:
    trained, twin = read_score(checkpoint.evaluation), read_score(checkpoint.evaluation, "untrained")
    counts, steps, pieces = (
        caching.described(checkpoint).parameters,
        checkpoint.training.get("steps"),
        checkpoint.training.get("n_train_pieces"),
    )
    corpus = checkpoint.training.get("corpus")
    data = f"{corpus}, {pieces} pieces" if corpus and pieces else str(corpus or "") or None
    return {
        "name": marked(str(checkpoint.name), str(checkpoint.arm)),
        "S": _sortable(trained) if trained else None,
        "untrained": score_text(twin) if twin else None,
        "other": other_score(checkpoint.evaluation),
        "arm": f"{checkpoint.arm} ({checkpoint.scale})" if checkpoint.scale else str(checkpoint.arm),
        "family": checkpoint.of_family.title,
        "parameters": counts["total"] if counts else None,
        "data": data,
        "steps": steps if type(steps) is int and abs(steps) <= LARGEST else None,
        "sha256": str(checkpoint.sha256)[:12],
    }


def _sortable(score: RetrievalScore) -> str:
    """With a space before numbers below ten, since the table sorts text."""
    return f" {score_text(score)}" if score.value < 0.0995 else score_text(score)


def _warn_of_doubles(good: Sequence[Checkpoint], named: dict[str, Checkpoint]) -> None:
    hidden = [checkpoint.path for checkpoint in good if checkpoint is not named[str(checkpoint.name)]]
    lines = [f"- {plain(str(path))}: there is another checkpoint {plain(path.name)}, and only that is listed" for path in hidden]
    st.warning("\n".join(["Names must differ; rename these folders:", *lines]), icon=":material/warning:")


def score_records(checkpoints: Iterable[Evaluated]) -> list[dict[str, object]]:
    """S of every checkpoint and of its untrained twin on both pools (shares of 1), as records; what is missing is left out."""
    return [
        {"checkpoint": checkpoint.name, "weights": weights, "pool": pool, **asdict(score)}
        for checkpoint in checkpoints
        for weights in get_args(Weights)
        for pool in get_args(Pool)
        if (score := read_score(checkpoint.evaluation, weights, pool)) is not None
    ]
