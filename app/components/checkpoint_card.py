"""The card of one checkpoint: its scores, its parts, its training, its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.measures.retrieval import chance_of_s
from analysis.numbers import percent
from analysis.training.comparison import score_headline
from analysis.training.prediction_scores import prediction_rows
from analysis.training.scores import ranking_score, retrieval_rows
from app import caching, state
from app.charts import training
from app.components import model_flow
from app.components.checkpoint_table import UNSHOWABLE
from app.kit import actions, figures, layout
from app.kit.plain import card, plain

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint
    from analysis.studies.component_counts import ComponentCount


RETRIEVAL = {
    "pool": st.column_config.TextColumn("pool", width=82),
    "query → match": st.column_config.TextColumn("query → match", width=136),
    **{name: st.column_config.TextColumn(f"{name} (%)", width=126) for name in ("R@1", "R@5", "R@10")},
    "untrained R@10": st.column_config.TextColumn("twin R@10 (%)", width=126, help="R@10 of the untrained twin"),
    "MRR": st.column_config.TextColumn("MRR", width=142, help="Mean reciprocal rank"),
}
COUNTED = {
    "component": st.column_config.TextColumn("component", width=120),
    "parameters": st.column_config.NumberColumn("here", format="%,d", width=76, help="Counted on the model of this checkpoint"),
    "paper scale": st.column_config.NumberColumn("at paper scale", format="%,d", width=96, help="Of its arm, counted"),
    "published": st.column_config.TextColumn("published ◇", width=84, help="Of this arm at paper scale, from its paper"),
}


def draw(checkpoint: Checkpoint) -> None:
    """Everything that is known of the chosen checkpoint."""
    st.divider()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header(plain(str(checkpoint.name)), anchor=False, width="content")
        to_clip = state.carried("clip") | {"checkpoint": [str(checkpoint.name)]}
        layout.way("Open in Clip", "clip", ":material/hearing:", to_clip, "See what it attends to in a recording")
    st.markdown(plain(score_headline(checkpoint)))
    _retrieval(checkpoint)
    left, right = st.columns([8, 7], gap="medium")
    with left:
        st.subheader("Run", anchor=False)
        st.markdown(_made(checkpoint))
    with right:
        _parameters(checkpoint)
    model_flow.draw(caching.described(checkpoint).flow)
    _training(checkpoint)
    with st.expander("Configuration", icon=":material/data_object:"):
        st.json({"config": checkpoint.config, "training": checkpoint.training, "evaluation": checkpoint.evaluation}, expanded=1)
    if text := card(checkpoint.path / "card.md"):
        with st.expander("Card", icon=":material/description:"):
            st.markdown(text)


def draw_or_say(checkpoint: Checkpoint) -> None:
    """The card; where what a checkpoint says of itself cannot be shown, that alone is said, and the page goes on."""
    try:
        draw(checkpoint)
    except UNSHOWABLE as error:
        layout.error(f"What {checkpoint.name} says of itself cannot be shown ({error}). Correct its config.json, or remove it.")


def _made(checkpoint: Checkpoint) -> str:
    """What the configuration says of the run, as far as it does, as a list."""
    training = checkpoint.training
    words = (
        ("corpus", "trained on {}"), ("n_train_pieces", "{} pieces for training"), ("steps", "{} steps"),
        ("batch_size", "batches of {} windows"), ("seed", "seed {}"), ("best_step", "weights of step {}"),
        ("minutes", "{} minutes"), ("device", "on {}"),
    )  # fmt: skip
    run = ", ".join(pattern.format(training[name]) for name, pattern in words if training.get(name) is not None)
    lines = [
        f"arm {checkpoint.arm} ({checkpoint.scale})" if checkpoint.scale else f"{checkpoint.of_family.title} {checkpoint.arm}",
        run,
        *(f"{title}: {words}" for title, words in caching.described(checkpoint).card.items()),
        f"licence of the data: {training['corpus_licence']}" if "corpus_licence" in training else "",
    ]
    return "\n".join(f"- {plain(line)}" for line in lines if line)


def _retrieval(checkpoint: Checkpoint) -> None:
    if predicted := prediction_rows(checkpoint.evaluation):
        st.subheader("Prediction of masked patches", anchor=False)
        st.dataframe(predicted, hide_index=True, placeholder="—", height="content")
        return
    st.subheader("Retrieval", anchor=False)
    rows = retrieval_rows(checkpoint.evaluation)
    if not rows:
        st.caption("This checkpoint came without scores. `otoscope train` writes them; scores of other tools are not read.")
        return
    known = [name for name in RETRIEVAL if any(row.get(name) is not None for row in rows)]
    shown = [{name: row[name] for name in known} for row in rows]
    st.dataframe(shown, column_config=RETRIEVAL, hide_index=True, placeholder="—", height="content")
    if score := ranking_score(checkpoint.evaluation):
        size = score.pool_size
        chance = f"chance R@1 {percent(1 / size)}, R@5 {percent(min(5 / size, 1))}, R@10 {percent(min(10 / size, 1))}"
        st.caption(
            f"n = {score.n_queries} queries of {score.n_works} works, {size} candidates each; "
            f"in brackets 95 % intervals over works; {chance}."
        )


def _parameters(checkpoint: Checkpoint) -> None:
    st.subheader("Parameters, counted", anchor=False)
    counts = caching.described(checkpoint).parameters
    if counts is None:
        st.caption("Not counted: the configuration describes no model that is known here.")
        return
    from analysis.studies.component_counts import component_counts

    rows = component_counts(checkpoint.arm, counts)
    records = [_component(row) for row in rows]
    known = [name for name in COUNTED if any(record[name] is not None for record in records)]
    shown = [{name: record[name] for name in known} for record in records]
    st.dataframe(shown, column_config=COUNTED, hide_index=True, height="content", placeholder="—")
    published = [row.published for row in rows if row.published]
    for text in dict.fromkeys(text for record in published for text in record.corrections):
        st.caption(plain(text))
    if published:
        st.caption(plain(f"◇ {published[0].citation}, read in: {published[0].source}."))


def _component(row: ComponentCount) -> dict[str, str | int | None]:
    return {
        "component": row.component,
        "parameters": row.here,
        "paper scale": row.at_paper_scale,
        "published": f"{row.published.value:g} {row.published.unit}" if row.published else None,
    }


def _training(checkpoint: Checkpoint) -> None:
    st.subheader("Training", anchor=False)
    try:
        history = checkpoint.history()
    except (OtoscopeError, OSError) as error:
        layout.error(str(error))
        return
    if not history:
        layout.empty(
            "This checkpoint came without a training history.", "Put its history.csv beside the weights, if there is one."
        )
        return
    queries, pool = (_size(checkpoint.training.get(name)) for name in ("validation_queries", "validation_pool"))
    chance = chance_of_s(queries, pool) if queries and pool else None
    drawn = (
        ("Loss and its terms", training.curves(history)),
        ("Collapse monitor", training.spread(history)),
        ("Score on validation", training.validation(history, chance)),
    )
    for column, (title, drawing) in zip(st.columns(3), drawn, strict=True):
        column.markdown(f"**{title}**")
        figures.show(drawing, title, where=column)
    actions.numbers("training", history, f"training-{checkpoint.name}")


def _size(value: object) -> int:
    """A number of things; 0 for what is none."""
    return value if isinstance(value, int) and type(value) is int and value > 0 else 0
