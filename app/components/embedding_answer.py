"""The answer of the page of embeddings: the map, cosines of matched and other pairs, and all measures with their controls."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from analysis.numbers import p_words
from analysis.results import Result
from app.charts import histogram, intervals, theme
from app.charts import mark as marked
from app.charts.histogram import Bar
from app.charts.mark import Mark
from app.components import actions, embedding_cosines, embedding_map, hear, published_table, study_facts
from app.components.plain import plain
from app.components.stress_kit import TWINS, cell
from app.components.study_form import Choice

Row = Mapping[str, Any]
MATCHED, OTHER = "matched", "other works"
LIGHT_BLUE = "#56B4E9"
COLOURS = {MATCHED: theme.JOINT, "same work": LIGHT_BLUE}
TITLES = {"trained": "trained", "untrained": "untrained twin (shares on a scale of their own)"}
FEWEST = 3  # pairs of a bin that is looked into before one is chosen
SHORT = {
    "AUC against other works": "AUC, other works",
    "AUC against the same work": "AUC, same work",
    "cosine of matched pairs": "matched cosine",
    "neighbours shared by audio and MIDI": "shared neighbours",
}
NULLS = {
    "AUC against other works": "chance",
    "AUC against the same work": "chance",
    "modality gap": "labels exchanged",
    "cosine of matched pairs": "pairs of other works",
    "neighbours shared by audio and MIDI": "chance",
}
HEARD = {
    "cosine": st.column_config.NumberColumn("cosine", width=60, format="%.3f", help="Cosine of this audio and that MIDI"),
    "piece": st.column_config.TextColumn("audio of", width=150),
    "MIDI": st.column_config.TextColumn("MIDI of", width=210),
}
MEASURES = {
    "checkpoint": st.column_config.TextColumn("checkpoint", width=92),
    "measure": st.column_config.TextColumn("measure", width=124),
    "trained": st.column_config.TextColumn("trained", width=152),
    "twin": st.column_config.TextColumn("untrained twin", width=180),
    "null": st.column_config.TextColumn("null", width=68, help="Of the trained weights; what it is, stands below"),
    "null of the twin": st.column_config.TextColumn("its null", width=72, help="Of the untrained twin"),
    "p": st.column_config.TextColumn("p", width=72, help="Of the gap, audio and MIDI exchanged work by work; not corrected"),
    "n": st.column_config.NumberColumn("n", width=48, help="Windows"),
    "note": st.column_config.TextColumn("note", width=300),
}


def draw(result: Result, choice: Choice) -> None:
    """The map of one checkpoint; its cosines; the measures of all checkpoints."""
    checkpoint = embedding_map.draw(result, choice)
    _cosines(result, choice, checkpoint)
    embedding_cosines.draw(result)
    _measures(result)
    _numbers(result)
    published_table.beside(result, {str(one.name): str(one.arm) for one in choice.checkpoints})


def bars_of(result: Result, checkpoint: str) -> dict[str, list[Bar]]:
    """The cosines of matched pairs and of others, of trained weights and of the untrained twin; other works first, beneath."""
    rows = [row for row in result.tables["histograms"] if row["checkpoint"] == checkpoint]
    found: dict[str, list[Bar]] = {}
    for row in sorted(rows, key=lambda row: (row["weights"] != "trained", row["kind"] != OTHER, row["kind"] == MATCHED)):
        key = (row["weights"], row["kind"], row["bin"])
        bar = Bar(str(row["kind"]), row["bin_low"], row["bin_high"], row["share"], row["pairs"], key)
        found.setdefault(TITLES[row["weights"]], []).append(bar)
    return found


def _cosines(result: Result, choice: Choice, checkpoint: str) -> None:
    """How close matched pairs are beside others, and what pairs of a bin sound like."""
    st.subheader("Are matched pairs closer than others?", anchor=False)
    found = bars_of(result, checkpoint)
    if not found:
        st.caption("Before the joint embedding audio and MIDI have spaces of their own: no cosine leads from one to the other.")
        return
    drawing = histogram.panels(
        found, x_title="cosine of an audio window and a MIDI window (no unit)", y_title="share of pairs (%)", n_name="pairs",
        null=OTHER, twins=[TITLES["untrained"]], colours=COLOURS,
    )  # fmt: skip
    rows = [row for row in result.tables["histograms"] if row["checkpoint"] == checkpoint]
    number = study_facts.names_of(result).index(checkpoint)
    picked = actions.figure(drawing, f"cosines-{number}", result, rows, select=("points",))
    st.caption(plain(spreads(result, checkpoint)))
    _examples(result, choice, checkpoint, picked[-1] if picked else alike(result, checkpoint))


def spreads(result: Result, checkpoint: str) -> str:
    """Of every kind of pairs the median and the middle nine tenths."""
    said = []
    for row in result.tables["cosines"]:
        if (row["checkpoint"], row["weights"]) == (checkpoint, "trained"):
            ends = f"{row['q05']:.2f} to {row['q95']:.2f}"
            said.append(f"{row['kind']}: median {row['median']:.2f}, nine tenths from {ends} ({row['pairs']:,} pairs)")
    return f"{checkpoint}, trained. {'; '.join(said)}."


def alike(result: Result, checkpoint: str) -> marked.Key:
    """The highest bin with a few pairs of other works: what the model confuses most; of matched pairs where there are none."""
    rows = [row for row in result.tables["histograms"] if (row["checkpoint"], row["weights"]) == (checkpoint, "trained")]
    kind = OTHER if any(row["kind"] == OTHER and row["pairs"] for row in rows) else MATCHED
    pairs = {int(row["bin"]): row["pairs"] for row in rows if row["kind"] == kind and row["pairs"]}
    return "trained", kind, max(pairs, key=lambda number: (pairs[number] >= FEWEST, number))


def examples(result: Result, checkpoint: str, key: marked.Key) -> list[dict[str, Any]]:
    """A few pairs of a bin: where the audio and where the MIDI is, the most alike first."""
    windows = result.tables["windows"]
    rows = []
    for row in result.tables["examples"]:
        if (row["checkpoint"], row["weights"], row["kind"], row["bin"]) == (checkpoint, *key):
            audio, midi = windows[row["audio"]], windows[row["midi"]]
            about = {"cosine": row["cosine"], "start_s": audio["start_s"], "piece": audio["piece"]}
            rows.append(about | {"MIDI": f"{midi['piece']}, {hear.clock(midi['start_s'])}", "midi": row["midi"]})
    return sorted(rows, key=lambda row: -row["cosine"])


def _examples(result: Result, choice: Choice, checkpoint: str, key: marked.Key) -> None:
    rows = examples(result, checkpoint, key)
    if not rows:
        st.caption("Of this bin no pair was kept.")
        return
    weights, kind, number = key
    windows = [result.tables["windows"][row.pop("midi")] for row in rows]
    bar = next(
        row for row in result.tables["histograms"]
        if (row["checkpoint"], row["weights"], row["kind"], row["bin"]) == (checkpoint, *key)
    )  # fmt: skip
    twin = "" if weights == "trained" else marked.TWIN_SUFFIX
    st.markdown("**Hear pairs of a bin**")
    n = f"{bar['pairs']:,}"
    count = (
        f"{len(rows)} of the {n} pairs" if bar["pairs"] > len(rows) else f"the {n} pairs" if len(rows) > 1 else "the only pair"
    )
    edges = f"{bar['bin_low']:.3g} to {bar['bin_high']:.3g}"
    st.caption(plain(f"{checkpoint}{twin}, {kind}: {count} with a cosine of {edges}. Click a dot to choose another bin."))

    def other(chosen: int) -> None:
        if kind != MATCHED:
            midi = windows[chosen]
            hear.play("MIDI, heard from its recording", choice.corpus, str(midi["piece"]), float(midi["start_s"]))

    place = study_facts.names_of(result).index(checkpoint)
    hear.pick(rows, choice.corpus, f"pairs_{place}_{weights}_{kind}_{number}", title="Audio", columns=HEARD, more=other)


def measure_mark(row: Row) -> Mark | None:
    """A measure of trained weights, or of a twin in the row that all twins share; None where it could not be computed."""
    twin = row["weights"] != "trained"
    note = [f"null: {NULLS.get(row['measure'], 'chance')}"] + ([p_words(row["p"])] if row["p"] is not None else [])
    series = TWINS if twin else str(row["checkpoint"])
    return marked.from_row(
        row,
        SHORT.get(row["measure"], str(row["measure"])),
        series,
        twin=twin,
        note="; ".join([*note, *[f"twin of {row['checkpoint']}"] * twin]),
    )


def _measures(result: Result) -> None:
    """Every measure of every checkpoint beside the twins and its null."""
    st.subheader("How close are the two modalities?", anchor=False)
    order = list(NULLS)
    rows = sorted(result.tables["measures"], key=lambda row: (order.index(row["measure"]), row["weights"] != "trained"))
    marks = [mark for row in rows if (mark := measure_mark(row)) is not None]
    drawing = intervals.forest(
        marks, x_title="value (area, distance, cosine or share of 1: compare within a row only)", y_title="",
        null_name="null", labels=False,
    )  # fmt: skip
    actions.figure(drawing, "measures", result, rows)


def measured(result: Result) -> list[dict[str, Any]]:
    """Every measure with its twin, its nulls, p and n, one row per checkpoint and measure."""
    found = {(row["checkpoint"], row["measure"], row["weights"]): row for row in result.tables["measures"]}
    rows = []
    for measure in NULLS:
        for name in study_facts.names_of(result):
            ours, twin = (found[name, measure, weights] for weights in ("trained", "untrained"))
            rows.append({
                "checkpoint": name, "measure": SHORT.get(measure, measure), "trained": _cell(ours), "twin": _cell(twin),
                "null": _null(ours), "null of the twin": _null(twin), "p": None if ours["p"] is None else p_words(ours["p"]),
                "n": ours["n"], "note": ours["note"],
            })  # fmt: skip
    return rows


def _cell(row: Row) -> str | None:
    return cell(row, percent=row["unit"] == "share")


def _null(row: Row) -> str:
    """The null of a measure; nothing where the measure itself could not be computed."""
    return (
        "" if row["value"] is None else marked.null_in_words(Mark("", "", 0.0, null=row["null"]), percent=row["unit"] == "share")
    )


def _numbers(result: Result) -> None:
    """Every measure and every map with its numbers."""
    rows = measured(result)
    if not any(row["note"] for row in rows):
        rows = [{name: value for name, value in row.items() if name != "note"} for row in rows]
    st.dataframe(rows, column_config=MEASURES, hide_index=True, placeholder="—", height="content")
    st.caption(
        "In brackets 95 % intervals, bootstrap over works; ○ the interval holds the null. Nulls: chance; of the gap, audio and "
        "MIDI exchanged work by work; of the cosine, pairs of other works. A gap is never below 0: judge it by null and p."
    )
    with st.expander("All numbers of all maps", icon=":material/table:"):
        st.dataframe(mapped(result.tables["projections"]), hide_index=True, placeholder="—")
        st.caption(
            "In brackets 95 % intervals, bootstrap over works, then what a map at random has. Moved: root mean square distance "
            "of the points from their place in the first map of the method, in spreads of that map, once laid over it."
        )


def mapped(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Every map with its qualities beside those of a map at random."""
    table = []
    for row in rows:
        qualities = {
            name: None if (said := _quality(row, name, is_share)) is None else said
            for name, is_share in (("trustworthiness", False), ("neighbours_kept", True), ("variance_kept", True))
        }
        space = {} if row["space"] == "joint" else {"space": "MIDI" if row["space"] == "midi" else row["space"]}
        table.append({
            "checkpoint": row["checkpoint"], "map": embedding_map.map_name(row), **space,
            **{name.replace("_", " "): said for name, said in qualities.items()}, "moved": row["moved"], "points": row["n"],
            "k": row["k"], "note": row["note"],
        })  # fmt: skip
    return table


def _quality(row: Row, name: str, is_share: bool) -> str | None:
    fields = {"value": row[name]} | {end: row[f"{name}_{end}"] for end in ("ci_low", "ci_high", "null")}
    said = cell(fields, percent=is_share)
    null = fields["null"]
    return (
        said if said is None or null is None else f"{said}, random {marked.null_in_words(Mark('', '', 0.0, null=null), is_share)}"
    )
