"""The answer of the page of embeddings: the map, cosines of matched and other pairs, and all measures with their controls."""

from dataclasses import dataclass

import streamlit as st

from analysis.numbers import SHARE, Value, p_words
from analysis.results import Result
from analysis.studies.embedding.alone import AUC_WORK
from analysis.studies.embedding.rows import (
    ESTIMATORS,
    BinRow,
    CosineRow,
    DescribedWindowRow,
    ExampleRow,
    Kind,
    MeasureRow,
    ProjectionRow,
)
from app.charts import histogram, intervals, theme
from app.charts import mark as marked
from app.charts.histogram import Bar
from app.charts.mark import Mark
from app.kit import actions, player, published_table, study_facts
from app.kit.plain import plain
from app.kit.pool_scores import TWINS, cell
from app.kit.study_form import Choice
from app.studies.embedding import cosines, point_map
from app.studies.embedding.points import sides_of

MATCHED: Kind = "matched"
OTHER: Kind = "other works"
LIGHT_BLUE = "#56B4E9"
COLOURS = {MATCHED: theme.JOINT, "same work": LIGHT_BLUE}
TITLES = {"trained": "trained", "untrained": "untrained twin (shares on a scale of their own)"}
AREA = "area under the curve (no unit, chance 0.5)"
FEWEST = 3  # pairs of a bin that is looked into before one is chosen
SHORT = {
    AUC_WORK: "AUC, same work",
    "AUC against other works": "AUC, other works",
    "AUC against the same work": "AUC, same work",
    "cosine of matched pairs": "matched cosine",
    "neighbours shared by audio and MIDI": "shared neighbours",
}
NULLS = {
    AUC_WORK: "chance",
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
ALONE = {
    "cosine": st.column_config.NumberColumn("cosine", width=60, format="%.3f", help="Cosine of the two windows"),
    "piece": st.column_config.TextColumn("window of", width=150),
    "MIDI": st.column_config.TextColumn("other window of", width=210),
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
    checkpoint = point_map.draw(result, choice)
    _cosines(result, choice, checkpoint)
    cosines.draw(result)
    _measures(result)
    _numbers(result)
    published_table.show(result, {str(checkpoint.name): str(checkpoint.arm) for checkpoint in choice.checkpoints})


def bars_of(result: Result, checkpoint: str) -> dict[str, list[Bar]]:
    """The cosines of matched pairs and of others, of trained weights and of the untrained twin; other works first, beneath."""
    panels: dict[str, list[Bar]] = {}
    in_order = lambda row: (row.weights != "trained", row.kind != OTHER, row.kind == MATCHED)  # noqa: E731
    for row in sorted(bins_of(result, checkpoint), key=in_order):
        bar = Bar(row.kind, row.bin_low, row.bin_high, row.share, row.pairs, row.key)
        panels.setdefault(TITLES[row.weights], []).append(bar)
    return panels


def bins_of(result: Result, checkpoint: str) -> list[BinRow]:
    """The histograms of a checkpoint and of its untrained twin."""
    return [row for row in result.rows(BinRow) if row.checkpoint == checkpoint]


def _cosines(result: Result, choice: Choice, checkpoint: str) -> None:
    """How close matched pairs are beside others, and what pairs of a bin sound like."""
    alone = len(sides_of(result)) == 1
    st.subheader(
        "Are windows of one work closer than others?" if alone else "Are matched pairs closer than others?", anchor=False
    )
    bars = bars_of(result, checkpoint)
    if not bars:
        apart = "Before the joint embedding audio and MIDI have spaces of their own: no cosine leads from one to the other."
        st.caption("No two windows can be compared: they overlap or there is one." if alone else apart)
        return
    of_what = "two windows" if alone else "an audio window and a MIDI window"
    drawing = histogram.panels(
        bars, x_title=f"cosine of {of_what} (no unit)", y_title="share of pairs (%)", n_name="pairs", null=OTHER,
        twins=[TITLES["untrained"]], colours=COLOURS,
    )  # fmt: skip
    number = study_facts.names_of(result).index(checkpoint)
    picked = actions.figure(drawing, f"cosines-{number}", result, bins_of(result, checkpoint), select=("points",))
    st.caption(plain(spreads(result, checkpoint)))
    key = picked[-1] if picked else alike(result, checkpoint)
    chosen = next((row for row in bins_of(result, checkpoint) if row.key == key), None)
    if chosen is not None:
        _examples(result, choice, chosen)


def spreads(result: Result, checkpoint: str) -> str:
    """Of every kind of pairs the median and the middle nine tenths."""
    parts = [
        f"{row.kind}: median {row.median:.2f}, nine tenths from {row.q05:.2f} to {row.q95:.2f} ({row.pairs:,} pairs)"
        for row in result.rows(CosineRow) if row.model == (checkpoint, "trained")
    ]  # fmt: skip
    return f"{checkpoint}, trained. {'; '.join(parts)}."


def alike(result: Result, checkpoint: str) -> marked.Key:
    """The highest bin with a few pairs of other works: what the model confuses most; of matched pairs where there are none."""
    rows = [row for row in bins_of(result, checkpoint) if row.weights == "trained" and row.pairs]
    others = [row for row in rows if row.kind == OTHER] or [row for row in rows if row.kind == MATCHED] or rows
    return max(others, key=lambda row: (row.pairs >= FEWEST, row.bin)).key


def examples(result: Result, chosen: BinRow) -> list[ExampleRow]:
    """A few pairs of a bin, the most alike first."""
    rows = [row for row in result.rows(ExampleRow) if row.model == chosen.model and row.key == chosen.key]
    return sorted(rows, key=lambda row: -row.cosine)


def _examples(result: Result, choice: Choice, chosen: BinRow) -> None:
    rows, windows = examples(result, chosen), result.rows(DescribedWindowRow)
    if not rows:
        st.caption("Of this bin no pair was kept.")
        return
    twin = "" if chosen.weights == "trained" else marked.TWIN_SUFFIX
    st.markdown("**Hear pairs of a bin**")
    count = f"the {chosen.pairs:,} pairs" if len(rows) > 1 or chosen.pairs > len(rows) else "the only pair"
    count = f"{len(rows)} of {count}" if chosen.pairs > len(rows) else count
    edges = f"{chosen.bin_low:.3g} to {chosen.bin_high:.3g}"
    whose = f"{chosen.checkpoint}{twin}, {chosen.kind}"
    st.caption(plain(f"{whose}: {count} with a cosine of {edges}. Click a dot to choose another bin."))

    alone = len(sides_of(result)) == 1

    def other(number: int) -> None:
        if chosen.kind != MATCHED:
            second = windows[rows[number].midi]
            title = "The other window" if alone else "MIDI, heard from its recording"
            player.play(title, choice, second.piece, second.start_s)

    index = study_facts.names_of(result).index(chosen.checkpoint)
    key = f"pairs_{index}_{chosen.weights}_{chosen.kind}_{chosen.bin}"
    listed = [ListedPair(windows[row.audio], windows[row.midi], row.cosine) for row in rows]
    player.pick(listed, choice, key, title="Audio", columns=ALONE if alone else HEARD, more=other)


@dataclass(frozen=True)
class ListedPair:
    """A pair of the list: the window of its audio, that of its MIDI, and their cosine."""

    window: DescribedWindowRow
    midi: DescribedWindowRow
    cosine: float

    def record(self) -> dict[str, object]:
        """Its row of the table."""
        heard = f"{self.midi.piece}, {player.clock(self.midi.start_s)}"
        return {"cosine": self.cosine, "start_s": self.window.start_s, "piece": self.window.piece, "MIDI": heard}


def measure_mark(row: MeasureRow) -> Mark | None:
    """A measure of trained weights, or of a twin in the row that all twins share; None where it could not be computed."""
    twin = row.weights != "trained"
    note = [f"null: {NULLS.get(row.measure, 'chance')}"] + ([p_words(row.p)] if row.p is not None else [])
    note += [f"twin of {row.checkpoint}"] * twin
    group = SHORT.get(row.measure, row.measure)
    return marked.from_row(row, group, TWINS if twin else row.checkpoint, twin=twin, note="; ".join(note))


def _measures(result: Result) -> None:
    """Every measure of every checkpoint beside the twins and its null."""
    alone = len(sides_of(result)) == 1
    st.subheader("How close are windows of one work?" if alone else "How close are the two modalities?", anchor=False)
    order = list(NULLS)
    rows = sorted(result.rows(MeasureRow), key=lambda row: (order.index(row.measure), row.weights != "trained"))
    marks = [mark for row in rows if (mark := measure_mark(row)) is not None]
    drawing = intervals.forest(
        marks, x_title=AREA if alone else "value (area, distance, cosine or share of 1: compare within a row only)",
        y_title="", null_name="null", labels=False,
    )  # fmt: skip
    actions.figure(drawing, "measures", result, rows)


def measured(result: Result) -> list[dict[str, object]]:
    """Every measure with its twin, its nulls, p and n, one row per checkpoint and measure."""
    by_measure = {(row.checkpoint, row.measure, row.weights): row for row in result.rows(MeasureRow)}
    rows = []
    for measure in NULLS:
        for name in study_facts.names_of(result):
            if (name, measure, "trained") not in by_measure:
                continue
            ours, twin = by_measure[name, measure, "trained"], by_measure[name, measure, "untrained"]
            rows.append({
                "checkpoint": name, "measure": SHORT.get(measure, measure), "trained": _cell(ours), "twin": _cell(twin),
                "null": _null(ours), "null of the twin": _null(twin), "p": None if ours.p is None else p_words(ours.p),
                "n": ours.n, "note": ours.note,
            })  # fmt: skip
    return rows


def _cell(row: MeasureRow) -> str | None:
    return cell(row, percent=row.unit == SHARE)


def _null(row: MeasureRow) -> str:
    """The null of a measure; nothing where the measure itself could not be computed."""
    return "" if row.value is None else marked.null_text(Mark("", "", 0.0, null=row.null), percent=row.unit == SHARE)


def _numbers(result: Result) -> None:
    """Every measure and every map with its numbers."""
    rows = measured(result)
    if not any(row.note for row in result.rows(MeasureRow) if row.weights == "trained"):
        rows = [{name: value for name, value in row.items() if name != "note"} for row in rows]
    if not any(row.p for row in result.rows(MeasureRow)):
        rows = [{name: value for name, value in row.items() if name != "p"} for row in rows]
    st.dataframe(rows, column_config=MEASURES, hide_index=True, placeholder="—", height="content")
    st.caption(f"In brackets 95 % intervals, bootstrap over works; ○ the interval holds the null. {_nulls(result)}")
    with st.expander("All numbers of all maps", icon=":material/table:"):
        st.dataframe([mapped(row) for row in result.rows(ProjectionRow)], hide_index=True, placeholder="—")
        st.caption(
            "In brackets 95 % intervals, bootstrap over works, then what a map at random has. Moved: root mean square distance "
            "of the points from their place in the first map of the method, in spreads of that map, once laid over it."
        )


def _nulls(result: Result) -> str:
    """What the nulls of the measures are."""
    if len(sides_of(result)) == 1:
        return "The null is chance."
    exchanged = "Nulls: chance; of the gap, audio and MIDI exchanged work by work; of the cosine, pairs of other works."
    return f"{exchanged} A gap is never below 0: judge it by null and p."


def mapped(row: ProjectionRow) -> dict[str, object]:
    """A map with its qualities beside those of a map at random."""
    qualities = {what: _quality(row.quality(what)) for what in ESTIMATORS}
    space = {} if row.space == "joint" else {"space": "MIDI" if row.space == "midi" else row.space}
    return {
        "checkpoint": row.checkpoint, "map": point_map.map_name(row), **space, **qualities,
        "moved": row.moved, "points": row.n, "k": row.k, "note": row.note,
    }  # fmt: skip


def _quality(value: Value) -> str | None:
    text, is_share = cell(value, percent=value.unit == SHARE), value.unit == SHARE
    if text is None or value.null is None:
        return text
    return f"{text}, random {marked.null_text(Mark('', '', 0.0, null=value.null), is_share)}"
