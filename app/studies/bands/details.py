"""Details of the page of bands: bands of A4 shifted and read back, and attributions as a second opinion."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from analysis.results import Result
from analysis.studies.bands.rows import (
    RANDOM,
    AgreementRow,
    AttributionRow,
    ConvergenceRow,
    DoseRow,
    NoteRow,
    ReadingRow,
)  # fmt: skip
from app.charts import doses, matrix, theme
from app.charts import mark as marked
from app.charts.mark import Key, Mark
from app.kit import actions, controls, player, study_facts
from app.kit.plain import plain
from app.kit.pool_scores import TWINS, cell, name_twins_once, pool_sentence
from app.kit.study_form import Choice
from app.studies.bands.marks import (
    DISTANCE,
    DROP,
    FREQUENCY,
    MEASURES,
    MOVED,
    NORM,
    C,
    Shown,
    apart_of,
    bands_of,
    behind,
    centre,
    key_of,
    layer_title,
    mark_of,
    named,
)

NORM_NAME = "L2 norm of the change"
TITLES = {
    MEASURES[MOVED].title: "moved (% of the<br>way, logarithmic)",
    MEASURES[DISTANCE].title: "cosine distance<br>(logarithmic)",
}
TICKS_HZ = (50, 200, 1000, 5000)
SHORT: dict[str, str] = {
    "integrated gradients": "gradients",
    "feature ablation": "ablation",
    "occlusion of two neighbours": "occlusion of two",
}
HEARD = {
    "distance": st.column_config.NumberColumn("distance", format="%.4f", width=72, help="Cosine distance of this window"),
    "change": st.column_config.NumberColumn("change", format="%.3f", width=72, help="L2 norm of the change of this window"),
    "correlation": st.column_config.NumberColumn("correlation", format="%.2f", width=84, help="Of this window, held out"),
    "attributed": st.column_config.NumberColumn("attributed", format="%.3f", width=80, help="Cosine similarity due to the band"),
    "lost": st.column_config.NumberColumn(
        "lost", format="%.3f", width=64, help="Similarity with its notes (of sound alone, with itself as it was), before − after"
    ),
    "piece": st.column_config.TextColumn("piece", width=230),
}  # fmt: skip


def windows(
    result: Result, choice: Choice, kind: type[C], clicked: Sequence[Key], title: str, shown: Shown | None = None
) -> None:
    """The windows behind a mark that was clicked; without one how to come to them."""
    if (row := named(result, kind, clicked)) is None:
        st.caption("Click a point or a cell to hear the windows behind it.")
        return
    names = list(map(str, key_of(row)))
    st.caption(plain(f"The windows with the largest numbers: {', '.join(names)}."))
    player.pick(behind(result, row, shown), choice, "_".join((kind.table, *names)), title=title, columns=HEARD)


def notes(result: Result, part: str, *, was_done: bool = True) -> None:
    """What was not done, each sentence once; last what holds for all, where anything was done at all."""
    texts = []
    for row in sorted(result.rows(NoteRow), key=lambda row: not row.checkpoint):
        if row.part == part and (row.checkpoint or was_done):
            text = row.note.removeprefix("trained: ").removeprefix("untrained: ")
            texts.append(f"{row.checkpoint} {text}." if row.checkpoint else f"{text[:1].upper()}{text[1:]}.")
    if texts:
        st.caption(plain(" ".join(dict.fromkeys(texts))))


def shifted(result: Result, choice: Choice, shown: Shown) -> None:
    """How far the embedding moves when a band of A4 is shifted, as a distance or as a norm; what was not measured."""
    st.subheader("Bands of A4, shifted", anchor=False)
    rows, apart = bands_of(result.rows(DoseRow)), apart_of(result)
    if rows:
        measure = _measure(rows, shown)
        is_drop = measure is MEASURES[DROP]
        drawn = [mark_of(row, row.band, measure, apart[row.checkpoint, row.weights], at=row.dose) for row in rows]
        marks = [mark for mark in drawn if mark is not None]
        drawing = doses.panels(
            marks, x_title="shift (SD of the band)",
            y_title=TITLES.get(measure.title, measure.title.replace(" (", "<br>(")),
            null_name=measure.null if is_drop else RANDOM, colours=study_facts.colours_of(result),
        )  # fmt: skip
        if not is_drop:
            _logarithmic(drawing, marks)
        drawing.update_traces(name=TWINS, selector=lambda trace: trace.line.color == theme.TWIN)
        clicked = actions.figure(name_twins_once(drawing), "doses", result, rows, select=("points",))
        st.caption(plain(f"{measure.what} n = {rows[0].n} windows.{pool_sentence(result, 'doses')}"))
        windows(result, choice, DoseRow, clicked, "Moves with A4 shifted", measure)
    notes(result, "doses", was_done=bool(rows))


def _measure(rows: Sequence[DoseRow], shown: Shown) -> Shown:
    """What is drawn of a shift: what the page shows, or on demand the norm, which is what others have published."""
    own = shown if shown.of_dose else MEASURES[DISTANCE]
    if any(row.l2 is None for row in rows):
        return own
    name = next(name for name, measure in MEASURES.items() if measure is own)
    return NORM if controls.pick_word("shift", "Shown of a shift", (name, NORM_NAME)) == NORM_NAME else own


def _logarithmic(drawing: go.Figure, marks: Sequence[Mark]) -> None:
    """Distances grow with the square of a dose, and those of twins may be a hundred times those of trained networks."""
    values = [
        number for mark in marks for number in (mark.value, mark.low, mark.high, mark.null) if number is not None and number > 0
    ]
    if values:
        low, high = math.log10(min(values)), math.log10(max(values))
        drawing.update_yaxes(type="log", range=[low - 0.1, high + 0.1], dtick=1)


def read_back(result: Result, choice: Choice) -> None:
    """How well every band of A4 is read from every layer."""
    st.subheader("Bands of A4, read back from the layers", anchor=False)
    rows = result.rows(ReadingRow)
    panels: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in rows:
        title = f"{row.checkpoint}, twin" if row.is_twin else row.checkpoint
        note = f"shifted in time, 97.5 % of draws below {row.null_high:.3f}"
        mark = marked.from_row(row, row.band, layer_title(row.layer), key=key_of(row), note=note)
        if mark is not None:
            panels.setdefault(title, {})[mark.group, mark.series] = mark
    bands = [row.band for row in sorted(rows, key=lambda row: -row.low_hz)]
    layers = list(dict.fromkeys(layer_title(row.layer) for row in rows))
    drawing = matrix.panels(
        panels, list(dict.fromkeys(bands)), layers, x_title="audio layer", y_title="band",
        colour_title="held-out correlation", low=0.0, high=1.0, null_name="A4 shifted in time",
    )  # fmt: skip
    drawing.update_yaxes(title_standoff=14)
    clicked = actions.figure(drawing, "reading", result, rows, select=("points",))
    windows(result, choice, ReadingRow, clicked, "Read from this window")
    notes(result, "reading")


def attributed(result: Result, choice: Choice) -> None:
    """What three methods say of every band, how far they agree, and how well the gradients add up."""
    st.subheader("A second opinion: attribution to bands", anchor=False)
    rows, marks = result.rows(AttributionRow), []
    for row in rows:
        about = {"at": centre(row.low_hz, row.high_hz), "twin": row.is_twin, "key": key_of(row), "note": row.band}
        marks.append(marked.from_row(row, SHORT.get(row.method, row.method), row.checkpoint, **about))
    drawing = doses.panels(
        [mark for mark in marks if mark is not None], x_title=FREQUENCY, y_title="similarity attributed<br>(cosine, no unit)",
        log=True, null_name="nothing", colours=study_facts.colours_of(result),
    )  # fmt: skip
    drawing.update_xaxes(tickvals=TICKS_HZ, ticktext=[f"{tick:g}" for tick in TICKS_HZ], tickangle=0)
    clicked = actions.figure(name_twins_once(drawing), "attribution", result, rows, select=("points",))
    like = f"What every band adds to the similarity of a window's sound with {_counterparts(choice)}, from −60 dB to as recorded."
    st.caption(f"{like} Occlusion takes two neighbours out at a time and gives both to each.")
    windows(result, choice, AttributionRow, clicked, "Attributed in this window")
    _agreement(result)


def _counterparts(choice: Choice) -> str:
    """With what the sound is compared, by what the chosen models read."""
    if not choice.alone:
        return "its own notes"
    every = len(choice.alone) == len(choice.checkpoints)
    return "the sound as it was" if every else "its own notes (where a model reads sound alone, with the sound as it was)"


def agreement(result: Result) -> list[dict[str, str | None]]:
    """A row per model: rank correlation of every pair of methods over bands, and the error of the gradients."""
    table: dict[tuple[str, str], dict[str, str | None]] = {}
    for row in (*result.rows(AgreementRow), *result.rows(ConvergenceRow)):
        model = table.setdefault((row.checkpoint, row.weights), {"checkpoint": row.checkpoint, "weights": row.weights})
        if isinstance(row, AgreementRow):
            model[f"{SHORT.get(row.first, row.first)} ~ {SHORT.get(row.second, row.second)}"] = cell(row, percent=False)
        else:
            model |= {"error of the gradients": cell(row.error), "largest": f"{100 * row.largest:.1f} %"}
    return list(table.values())


def _agreement(result: Result) -> None:
    st.markdown("**Do the methods agree, and do the gradients add up?**")
    st.dataframe(agreement(result), hide_index=True, placeholder="—")
    first = result.rows(ConvergenceRow)[0]
    st.caption(
        f"Rank correlation over bands (~), mean of n = {first.n} windows; ○ not distinguishable from no agreement. Error: what "
        f"the {first.steps} steps of integrated gradients miss of the change that they are to explain. Where it is large, the "
        "steps were too few for these gradients to be believed."
    )
