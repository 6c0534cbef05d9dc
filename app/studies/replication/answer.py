"""The answer of the page of replication: S from training to training and from pool to pool, tests, and windows rarely found."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from analysis.numbers import p_alone
from analysis.results import Result
from analysis.rows import Row
from analysis.studies.replication.rows import ArmRow, ComponentRow, EvaluationRow, PairRow, RunRow
from app import answers
from app.charts import intervals, theme
from app.charts import mark as marked
from app.charts.mark import TWIN_SUFFIX, Key, Mark
from app.kit import actions, clicks, published_table, row_choice, tables
from app.kit.plain import plain
from app.kit.pool_scores import s_title
from app.kit.study_form import Choice
from app.studies.controls import train_command
from app.studies.replication import hard_queries

Clicked = list[clicks.Key]
TABLE_PX, FEW = 320, 8
MOST_PX, ROW_PX = 560, 40
ONE_TRAINING, TRAININGS = "one training", "mean of trainings"
ONE_POOL, POOLS = "one pool", "mean of pools"
SINGLE = tuple(series + twin for series in (ONE_TRAINING, ONE_POOL) for twin in ("", TWIN_SUFFIX))  # drawn small and pale
TRAINING, EVALUATION = "training seed ", "evaluation seed "
COLOURS: dict[str, str] = dict.fromkeys((ONE_TRAINING, TRAININGS, ONE_POOL, POOLS), theme.JOINT)
PAIRS = {
    "pair": st.column_config.TextColumn("first − second", width=130),
    "weights": st.column_config.TextColumn("weights", width=80),
    "spread": st.column_config.TextColumn("spread", width=190, help="What varies, and how the two sets of runs are compared"),
    "difference": st.column_config.TextColumn("difference (points)", width=140, help="Of mean S, with its 95 % interval"),
    "t": st.column_config.NumberColumn("t", width=56, format="%.2f"),
    "df": st.column_config.NumberColumn("df", width=50, format="%.1f"),
    "p": st.column_config.TextColumn("p", width=64, help="Two-sided, not corrected for the number of pairs"),
    "d": st.column_config.NumberColumn("Cohen's d", width=76, format="%.2f"),
    "n": st.column_config.NumberColumn("n", width=40, help="Trainings on both sides, or pairs of them"),
}
MEANS = {
    "arm": st.column_config.TextColumn("arm", width=110),
    "weights": st.column_config.TextColumn("weights", width=80),
    "mean": st.column_config.TextColumn("mean S", width=150, help="With Student's 95 % interval over trainings"),
    "sd": st.column_config.TextColumn("SD (points)", width=130, help="Over trainings, with its χ² interval"),
    "range": st.column_config.TextColumn("range of S", width=110),
    "n": st.column_config.TextColumn("n", width=86),
    "parts": st.column_config.TextColumn("parts of SD (points)", width=150, help="By training, by pool, rest; < 0: none"),
}
RUNS = {
    "checkpoint": st.column_config.TextColumn("checkpoint", width=120),
    "seed": st.column_config.TextColumn("seed", width=50, help="Of the training"),
    "S": st.column_config.TextColumn("S", width=146, help="On the first pool; 95 % interval, bootstrap over works"),
    "twin": st.column_config.TextColumn("untrained twin", width=146),
    "sd": st.column_config.TextColumn("SD over pools (points)", width=148, help="With its χ² interval"),
    "binomial": st.column_config.TextColumn("if independent", width=100, help="SD of as many independent queries"),
    "pooled": st.column_config.TextColumn("pooled", width=150, help="Whether it counts in the mean of its arm"),
}


def draw(result: Result, choice: Choice) -> None:
    """S over trainings, where there are several; S over pools; tests and numbers; the windows of the chosen checkpoint."""
    result = _with_more(result, choice)
    arms, runs = result.rows(ArmRow), result.rows(RunRow)
    first: Clicked = []
    if any(row.n > 1 for row in arms):
        first = _trainings(result)
        _tests(result)
    else:
        _alone(choice)
    st.subheader("From pool to pool", anchor=False)
    second = _pools(result, len(first) and _number_of(runs, first[-1]))
    chosen = _numbers(runs, (second or first or [()])[-1])
    hard_queries.draw(result, choice, chosen.checkpoint)
    published_table.show(result, {row.checkpoint: row.arm for row in runs})


def _with_more(result: Result, choice: Choice) -> Result:
    """The result, else on demand the one of further trainings, which came as numbers without their weights."""
    more = answers.result_with_more(choice.study_request)
    if more is None:
        return result
    n = len(more.checkpoints) - len(choice.checkpoints)
    st.info(
        plain(f"With {n} further trainings, whose numbers came without their weights: {more.headline}"), icon=":material/groups:"
    )
    return more if st.toggle(f"Show these {n} further trainings", key="with_more_trainings") else result


def mean_mark(row: ArmRow) -> Mark:
    """Mean S of an arm over trainings beside chance."""
    note, is_twin = "n counts trainings; Student's interval", row.weights != "trained"
    return Mark(row.arm, TRAININGS, row.value, row.ci_low, row.ci_high, row.null, row.n, twin=is_twin, note=note)


def run_mark(row: RunRow, group: str, series: str) -> Mark:
    """S of a checkpoint on the first pool."""
    about = f"{row.checkpoint}, training seed {row.training_seed}; 95 % interval over works "
    about += marked.text_of(_mark(row), percent=True)
    key, is_twin = (row.checkpoint, row.weights), row.weights != "trained"
    return Mark(group, series, row.value, null=row.null, key=key, twin=is_twin, note=about)


def _mark(row: RunRow) -> Mark:
    return Mark("", "", row.value, row.ci_low, row.ci_high, row.null, row.n)


def _mark_text(mark: Mark) -> str:
    return ("○ " if mark.undecided else "") + marked.text_of(mark, percent=True)


def _points(value: float | None, low: float | None = None, high: float | None = None) -> str | None:
    """A number of percentage points with its interval.

    >>> _points(0.0213, 0.01, 0.05), _points(0.02), _points(None)
    ('2.1 [1.0, 5.0]', '2.0', None)
    """
    if value is None:
        return None
    return f"{100 * value:.1f}" + ("" if low is None or high is None else f" [{100 * low:.1f}, {100 * high:.1f}]")


def _trainings(result: Result) -> Clicked:
    """Every training, the mean of every arm with its interval, and the published trainings."""
    st.subheader("From training to training", anchor=False)
    means = [row for row in result.rows(ArmRow) if row.n > 1]
    many = {row.arm for row in means}
    rows = [row for row in result.rows(RunRow) if row.arm in many and not row.left_out]
    marks = [run_mark(row, row.arm, ONE_TRAINING) for row in rows] + [mean_mark(row) for row in means]
    drawing = intervals.forest(marks, x_title=s_title(result), y_title="arm", percent=True, labels=False, colours=COLOURS)
    first = {row.arm: (row.checkpoint, row.weights) for row in reversed(rows) if row.weights == "trained"}
    return _figure(result, drawing, "trainings", [*rows, *means], first, TRAINING)


def _pools(result: Result, after: int) -> Clicked:
    """Every pool and the mean of every checkpoint; a click above this figure takes back the one in it."""
    arms = {row.checkpoint: row.arm for row in result.rows(RunRow)}
    marks = [mark for name in arms for mark in (*pool_marks(result, name, "trained"), *pool_marks(result, name, "untrained"))]
    first = {arm: (name, "trained") for name, arm in reversed(arms.items())}
    drawing = intervals.forest(marks, x_title=s_title(result), y_title="checkpoint", percent=True, labels=False, colours=COLOURS)
    return _figure(result, drawing, f"pools-{after}", result.rows(EvaluationRow), first, EVALUATION)


def pool_marks(result: Result, checkpoint: str, weights: str) -> list[Mark]:
    """S of one model on every pool, and the mean with its interval."""
    key, twin = (checkpoint, weights), weights != "trained"
    rows = [row for row in result.rows(EvaluationRow) if (row.checkpoint, row.weights) == (checkpoint, weights)]
    marks = [
        Mark(
            checkpoint, ONE_POOL, row.value, null=row.null, n=row.n, key=key, twin=twin, note=f"{EVALUATION}{row.evaluation_seed}"
        )
        for row in rows
    ]
    for value in result.select(checkpoint=checkpoint, weights=weights, what="mean S"):
        mean = marked.from_value(value, checkpoint, POOLS, note="n counts pools; Student's interval", key=key, twin=twin)
        marks += [mean] if mean else []
    return marks


def _figure(result: Result, drawing: go.Figure, key: str, rows: Sequence[Row], first: Mapping[str, Key], seeds: str) -> Clicked:
    """A figure with the published numbers of the seeds of one kind; `first`: arm → key of the mark beside which they stand."""
    drawing.update_traces(marker={"size": 8, "opacity": 0.65}, selector=lambda trace: trace.name in SINGLE)
    layout = theme.layout_of(drawing)
    drawing.update_layout(height=min(layout.height, max(MOST_PX, 100 + ROW_PX * len(layout.yaxis.tickvals))))
    records = published_table.of_arms("replication", set(first))
    diamonds = [(first[record.arm], record.value) for record in records if record.condition.startswith(seeds)]
    has_published = published_table.add_diamonds(drawing, diamonds)
    picked = actions.figure(drawing, key, result, rows, select=("points",))
    note = f" {published_table.LEGEND} One for every published {seeds.strip()}." if has_published else ""
    st.caption(plain(f"Click a point, or choose a row below, to hear what that checkpoint rarely finds.{note}"))
    return picked


def _number_of(runs: Sequence[RunRow], key: clicks.Key) -> int:
    return next((number for number, row in enumerate(runs, 1) if (row.checkpoint, row.weights) == key), 0)


def _alone(choice: Choice) -> None:
    """What can be told from one training per arm, and how to get another."""
    st.info(
        "Every arm is here with one training, so how far S moves from training to training cannot be told; below it moves only "
        "because other pools are drawn. Train an arm again with another seed, then choose both above.",
        icon=":material/info:",
    )
    checkpoint = choice.checkpoints[0]
    again = train_command(str(checkpoint.arm), checkpoint, int(checkpoint.training.get("seed") or 0) + 1)
    st.code(again, language=None, wrap_lines=True)


def _tests(result: Result) -> None:
    """Arms against each other, and the means with their spread."""
    if pairs := compared(result.rows(PairRow)):
        tables.draw(pairs, PAIRS, height="content")
        st.caption(
            "Spread between trainings, each scored on the first pool; p of the table is not corrected for the number of pairs, "
            "that of the sentences above is (Holm)."
        )
    parts = {(row.arm, row.weights): row for row in result.rows(ComponentRow)}
    rows = [
        {
            "arm": row.arm, "weights": row.weights, "mean": _mark_text(mean_mark(row)),
            "sd": _points(row.sd, row.sd_ci_low, row.sd_ci_high),
            "range": f"{100 * row.lowest:.1f} to {100 * row.highest:.1f} %",
            "n": f"{row.n} training{'s' if row.n > 1 else ''}", "parts": _parts(parts.get((row.arm, row.weights))),
        }
        for row in result.rows(ArmRow)
    ]  # fmt: skip
    st.dataframe(rows, column_config=MEANS, hide_index=True, height=TABLE_PX if len(rows) > FEW else "content", placeholder="—")


def compared(pairs: Sequence[PairRow]) -> list[dict[str, object]]:
    """Welch's test of every two arms, and below it the paired one where seeds are common."""
    rows = []
    for row in pairs:
        whose = {"pair": f"{row.first} − {row.second}", "weights": row.weights}
        difference = _points(row.value, row.ci_low, row.ci_high)
        test = {"difference": difference, "t": row.t, "df": row.df, "p": _p(row.p), "d": row.cohen_d, "n": row.n}
        rows.append({**whose, "spread": "between trainings (Welch)", **test})
        if row.paired_n > 1:
            difference = _points(row.paired_difference, row.paired_ci_low, row.paired_ci_high)
            test = {"difference": difference, "t": row.paired_t, "df": row.paired_df, "p": _p(row.paired_p)}
            rows.append({**whose, "spread": "of pairs of one seed (paired)", **test, "d": None, "n": row.paired_n})
    return rows


def _p(p: float | None) -> str | None:
    return None if p is None else p_alone(p)


def _parts(row: ComponentRow | None) -> str | None:
    """Deviations by source; a variance that is estimated below 0 is said to be."""
    if row is None:
        return None
    roots = (row.training_sd, row.evaluation_sd, row.residual_sd)
    return ", ".join("< 0" if root is None else f"{100 * root:.1f}" for root in roots)


def _numbers(runs: Sequence[RunRow], clicked: clicks.Key) -> RunRow:
    """All checkpoints; the row of the chosen one: that which was clicked, else the first."""
    trained = [row for row in runs if row.weights == "trained"]
    twins = {row.checkpoint: row for row in runs if row.weights != "trained"}
    table = [
        {
            "checkpoint": row.checkpoint, "seed": "not recorded" if row.training_seed is None else str(row.training_seed),
            "S": _mark_text(_mark(row)), "twin": _mark_text(_mark(twins[row.checkpoint])),
            "sd": _points(row.evaluation_sd, row.evaluation_sd_ci_low, row.evaluation_sd_ci_high),
            "binomial": _points(row.binomial_sd), "pooled": f"no: {row.left_out}" if row.left_out else "yes",
        }
        for row in trained
    ]  # fmt: skip
    names = [row.checkpoint for row in trained]
    start = names.index(clicked[0]) if clicked and clicked[0] in names else 0
    key, height = f"numbers_{'_'.join(map(str, clicked))}_{len(table)}", TABLE_PX if len(table) > FEW else "content"
    alt = "S of every checkpoint; the chosen one is heard below"
    chosen = row_choice.pick_row(table, key, alt=alt, start=start, columns=RUNS, height=height, placeholder="—")
    first = trained[0]
    st.caption(
        f"n = {first.n} queries; chance {100 * first.null:.1f} %; ○ not distinguishable from chance. "
        "Spread over pools says nothing about training."
    )
    return trained[chosen]
