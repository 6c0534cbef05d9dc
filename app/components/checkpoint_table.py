"""The table of checkpoints; its chosen row is the chosen checkpoint."""

import hashlib
from collections.abc import Sequence
from typing import Any

import streamlit as st

from analysis.studies.comparison import Score, by_score, in_words, read_score
from app import caching, state
from app.components.plain import plain

FAMILY = "dual encoder"
NONE = "—"
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


def pick(good: Sequence[Any]) -> Any:
    """Draw the table, highest S first; the checkpoint of the chosen row."""
    named: dict[str, Any] = {}
    for one in good:
        named.setdefault(str(one.name), one)
    ordered = by_score(named.values())
    names = [str(one.name) for one in ordered]
    wanted = state.get_text("checkpoint")
    default = names.index(wanted) if wanted in names else 0
    found = st.dataframe(
        [_row(one) for one in ordered],
        column_config=COLUMNS,
        hide_index=True,
        placeholder=NONE,
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [default]}},  # pyright: ignore[reportArgumentType]
        key=table_key(names) + (f"_{state.arrivals()}" if state.arrivals() else ""),  # anew where the address chooses the row
        alt="Checkpoints; the chosen row is shown below",
    )
    rows = found["selection"]["rows"]
    row = rows[0] if rows and rows[0] < len(ordered) else default
    state.put("checkpoint", names[row])
    if len(named) < len(good):
        _warn_of_doubles(good, named)
    return ordered[row]


def table_key(names: Sequence[str]) -> str:
    """Another key for another list: a row number means nothing in a list that has changed."""
    return "checkpoints_" + hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


def broken(found: Sequence[Any]) -> None:
    """Folders that cannot be opened, each with its reason."""
    if found:
        lines = [f"- **{plain(one.path.name)}**: {plain(one.reason)}" for one in found]
        noun = "One folder" if len(found) == 1 else f"{len(found)} folders"
        st.warning("\n".join([f"{noun} cannot be opened:", *lines]), icon=":material/warning:")


def _row(one: Any) -> dict[str, Any]:
    trained, twin = read_score(one.evaluation), read_score(one.evaluation, "untrained")
    counts, steps, pieces = caching.parameters_of(one), one.training.get("steps"), one.training.get("n_train_pieces")
    corpus = one.training.get("corpus")
    data = f"{corpus}, {pieces} pieces" if corpus and pieces else str(corpus or "") or None
    return {
        "name": str(one.name),
        "S": _sortable(trained) if trained else None,
        "untrained": in_words(twin) if twin else None,
        "arm": f"{one.arm} ({one.scale})",
        "family": FAMILY,
        "parameters": counts["total"] if counts else None,
        "data": data,
        "steps": steps if type(steps) is int else None,
        "sha256": str(one.sha256)[:12],
    }


def _sortable(score: Score) -> str:
    """With a space before numbers below ten, since the table sorts text."""
    return f" {in_words(score)}" if score.value < 0.0995 else in_words(score)


def _warn_of_doubles(good: Sequence[Any], named: dict[str, Any]) -> None:
    hidden = [one.path for one in good if one is not named[str(one.name)]]
    lines = [f"- {plain(str(path))}: there is another checkpoint {plain(path.name)}, and only that is listed" for path in hidden]
    st.warning("\n".join(["Names must differ; rename these folders:", *lines]), icon=":material/warning:")
