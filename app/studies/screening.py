"""The answer of the page of the screening: published configurations by mechanism and long runs, beside what is trained here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from analysis.numbers import p_words
from analysis.studies import screened
from analysis.studies.screened import Configuration
from analysis.training.comparison import RetrievalScore, score_text
from analysis.training.sweep_table import SweepRow, headline
from app.charts import screening
from app.charts.screening import Here, Line
from app.kit import actions, figures, layout, published_table
from app.kit.plain import plain

Trained = Mapping[str, Sequence[tuple[screened.Trained, RetrievalScore]]]
ACCURACY = "accuracy, same piece (%)"
PAIRED = {
    "arm": st.column_config.TextColumn("arm"),
    "mechanism": st.column_config.TextColumn("mechanism"),
    "seeds": st.column_config.NumberColumn("seeds", help="Trainings, which are taken together"),
    "S": st.column_config.TextColumn("S (%)", help="The smaller recall at 10 of both directions, with its interval over works"),
    "twin": st.column_config.TextColumn("untrained (%)", help="S of the untrained twins"),
    "difference": st.column_config.TextColumn("difference (points)", help="S minus that of the baseline, paired by work"),
    "p": st.column_config.TextColumn("p (Holm)", help="Two-sided, both arms exchanged at random for whole works"),
    "published": st.column_config.TextColumn("published (points)", help="The same difference after 5 epochs, one run each"),
}


def draw(checkpoints: Sequence[screened.Trained]) -> None:
    """Headline, the screening, the long runs, and every published number with what is known of it."""
    configurations, here = screened.screened(), screened.trained_here(checkpoints)
    if not configurations:
        layout.empty("No published screening came with this package.", "Restore the published numbers, or install it again.")
        return
    layout.headline(screened.headline(configurations, here))
    baseline = next(
        ((configuration.arm, configuration.s) for configuration in configurations if configuration.arm == screened.BASELINE), None
    )
    lines = [line_of(configuration, configuration.mechanism, configuration.arm, here) for configuration in configurations]
    drawing = screening.forest(
        lines,
        second_title=ACCURACY,
        baseline=baseline,
        notes=column_title(here, {configuration.arm for configuration in configurations}),
    )
    figures.show(drawing, "screening")
    actions.numbers("screening", [record for line in lines for record in records_of(line)], "screening")
    st.caption(plain(how_they_differ(here, {configuration.arm for configuration in configurations})))
    for sentence in screened.not_told(configurations):
        st.caption(plain(sentence))
    _paired(checkpoints)
    _long(here)
    of_arms = {
        (configuration.arm, configuration.condition, screened.S): words(here[configuration.arm])
        for configuration in configurations
        if configuration.arm in here
    }
    published_table.draw(screened.SHORT, [configuration.arm for configuration in configurations], of_arms)
    if long := screened.confirmed():
        published_table.draw(screened.LONG, [configuration.arm for configuration in long])


def line_of(configuration: Configuration, group: str, label: str, here: Trained) -> Line:
    """A configuration as a row of the figure, with the checkpoints of its arm."""
    ones = here.get(configuration.arm, ())
    marks = tuple(
        Here(100 * score.value, 100 * score.low, 100 * score.high, hover_text(checkpoint, score)) for checkpoint, score in ones
    )
    return Line(group, label, configuration.s, configuration.same_piece, screened.here_text(list(ones)), marks)


def records_of(line: Line) -> list[dict[str, object]]:
    """The numbers of a row of the figure: what is published, then every checkpoint of the arm that is here (%)."""
    whose = {"group": line.group, "configuration": line.label}
    published = {**whose, "source": "published", "S": line.s, ACCURACY: line.second, "note": line.note}
    ours = [{"S": mark.value, "ci_low": mark.low, "ci_high": mark.high, "note": mark.words} for mark in line.here]
    return [published, *({**whose, "source": "ours", **record} for record in ours)]


def long_lines(configurations: Sequence[Configuration], here: Trained) -> list[Line]:
    """The long runs as rows; the checkpoints of an arm stand beside its first run alone."""
    first = {configuration.arm: configuration for configuration in reversed(configurations)}
    lines = [
        line_of(configuration, "", f"{configuration.arm}, {configuration.condition}", here) for configuration in configurations
    ]
    return [
        line
        if first[configuration.arm] is configuration
        else replace(line, here=(), note="as above" if configuration.arm in here else line.note)
        for configuration, line in zip(configurations, lines, strict=True)
    ]


def hover_text(checkpoint: screened.Trained, score: RetrievalScore) -> str:
    """A checkpoint on hover."""
    return (
        f"{checkpoint.name}, ours, {checkpoint.scale} scale: S = {score_text(score)}, n = {score.n_queries} queries of "
        f"{score.n_works} works, chance {100 * score.chance:.1f} %"
    )


def words(ones: Sequence[tuple[screened.Trained, RetrievalScore]]) -> str:
    """Checkpoints of one arm in the table: the one with the highest S by name."""
    best, score = ones[0]
    more = f" and {len(ones) - 1} more" if len(ones) > 1 else ""
    return f"{score_text(score)} ({best.name}{more})"


def column_title(here: Trained, arms: set[str]) -> str:
    """What stands at the ends of the rows."""
    scales = sorted({str(checkpoint.scale) for arm, ones in here.items() if arm in arms for checkpoint, _ in ones})
    return f"ours, {' and '.join(scales)} scale" if scales else "ours"


def how_they_differ(here: Trained, arms: set[str]) -> str:
    """Why published and ours are not to be compared in height."""
    corpora = sorted(
        {
            str(checkpoint.training.get("corpus", "unknown data"))
            for arm, ones in here.items()
            if arm in arms
            for checkpoint, _ in ones
        }
    )
    ours = f"Ours were trained from random weights on {' and '.join(corpora)}: compare orders, not heights. " if corpora else ""
    return f"{ours}◇ published: one run each, 5 epochs from a checkpoint that was trained before."


def _paired(checkpoints: Sequence[screened.Trained]) -> None:
    """Ours against the baseline, where a sweep trained them alike."""
    rows = screened.paired(checkpoints)
    if not rows:
        command = f"`otoscope sweep {screened.BASELINE} d4a4 --seeds 0,1,2`"
        st.caption(f"Ours are told apart by work where one sweep trained them: {command}.")
        return
    st.subheader(f"How do ours differ from {screened.BASELINE}?", anchor=False)
    st.caption(plain(headline(rows)))
    st.dataframe([paired_row(row) for row in rows], column_config=PAIRED, hide_index=True, height="content", placeholder="—")
    st.caption(
        f"S over all seeds and differences in points with 95 % intervals over {rows[0].n_works} works, drawn alike for both; "
        f"p by exchanging both arms for whole works, corrected for {sum(row.p is not None for row in rows)} arms (Holm)."
    )


def paired_row(row: SweepRow) -> dict[str, str | int | None]:
    """One arm of a sweep as a row of the table."""
    published = {configuration.arm: configuration.s for configuration in screened.screened()}
    base = published.get(row.baseline)
    apart = published[row.arm] - base if base is not None and row.arm in published else None
    return {
        "arm": row.arm, "mechanism": screened.mechanism(row.arm), "seeds": len(row.seeds),
        "S": _interval(row.s, row.s_low, row.s_high), "twin": f"{100 * row.untrained:.1f}",
        "difference": _interval(row.difference, row.low, row.high, "+"),
        "p": None if row.p_holm is None else p_words(row.p_holm), "published": None if apart is None else f"{apart:+.1f}",
    }  # fmt: skip


def _interval(value: float | None, low: float | None, high: float | None, sign: str = "") -> str | None:
    if value is None:
        return None
    text = f"{100 * value:{sign}.1f}"
    return text if low is None or high is None else f"{text} [{100 * low:.1f}, {100 * high:.1f}]"


def _long(here: Trained) -> None:
    """The published runs of 30 to 60 epochs."""
    configurations = screened.confirmed()
    if not configurations:
        return
    st.subheader("Does the order hold in long runs?", anchor=False)
    baseline = max((configuration.s for configuration in configurations if configuration.arm == screened.BASELINE), default=None)
    lines = long_lines(configurations, here)
    drawing = screening.forest(
        lines,
        baseline=None if baseline is None else (f"best {screened.BASELINE}", baseline),
        notes=column_title(here, {configuration.arm for configuration in configurations}),
    )  # fmt: skip
    figures.show(drawing, "long-runs", file="screening-long-runs")
    actions.numbers("long-runs", [record for line in lines for record in records_of(line)], "screening-long-runs")
    st.caption("Published schedules differ from arm to arm, and the best epoch was chosen on the pool that is reported.")
