"""The answer of the page of controls: every arm beside its controls, and the queries that make the difference."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from analysis.numbers import ALPHA, p_alone, p_words
from analysis.results import Result
from analysis.studies.controls.rows import REAL, DifferenceRow, MissingRow, RanksRow, ScoreRow
from analysis.studies.shared_rows import WindowRow
from app.charts import intervals, theme
from app.charts.mark import Mark
from app.kit import actions, player, published_table, row_choice
from app.kit.clicks import Key
from app.kit.plain import plain
from app.kit.player import Missed
from app.kit.pool_scores import s_title, short_text
from app.kit.study_form import Choice

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint

BASELINE = "D0"
GIVEN = {"real": "real", "zero": "zeros", "random": "noise", "shuffled": "other windows", "reordered": "reordered"}
TRAINED, TWIN = "trained", "untrained twin"
COLOURS = {TRAINED: theme.JOINT}
MOST = 20
TRAINING = ("steps", "batch_size", "schedule")
COLUMNS = {
    "kind": st.column_config.TextColumn("what is compared", width=140),
    "first": st.column_config.TextColumn("first", width=165),
    "second": st.column_config.TextColumn("second", width=170),
    "difference": st.column_config.TextColumn("difference in S (points)", width=170),
    "twins": st.column_config.TextColumn("of the twins", width=150, help="The same difference between the untrained twins"),
    "p": st.column_config.TextColumn("p", width=80, help="Paired permutation by work, not corrected"),
}
HEARD = {
    "found by": st.column_config.TextColumn("found by", width=120),
    "direction": st.column_config.TextColumn("direction", width=98),
    "ranks": st.column_config.TextColumn("ranks", width=66, help="Rank of the match with the first, with the second"),
    "piece": st.column_config.TextColumn("piece", width=190),
}
SCORES = {
    "checkpoint": st.column_config.TextColumn("checkpoint", width=170),
    "given": st.column_config.TextColumn("given", width=120),
    "S": st.column_config.TextColumn("S (%)", width=150),
    "twin": st.column_config.TextColumn("untrained twin (%)", width=150),
    "n": st.column_config.NumberColumn("n", width=70),
}
WAYS = ("audio → MIDI", "MIDI → audio")


def draw(result: Result, choice: Choice) -> None:
    """Scores beside controls and baseline; differences; the queries that one finds and the other does not."""
    _lacking(result, choice)
    scores, differences = result.rows(ScoreRow), result.rows(DifferenceRow)
    picked = _scores(result, scores, differences)
    if differences:
        clicked = _differences(result, differences, len(picked) and _number_of(differences, picked[-1]))
        _differing_queries(result, choice, _numbers(differences, (clicked or picked or [()])[-1]))
    _score_table(scores)
    published_table.show(result, {row.checkpoint: row.arm for row in scores})


def score_mark(row: ScoreRow) -> Mark:
    """S of a model beside chance; every arm above its controls."""
    seed = "not recorded" if row.training_seed is None else row.training_seed
    group = row.arm if row.arm == BASELINE else f"{row.arm}: {GIVEN[row.values]}"
    key, note, is_twin = (row.checkpoint, row.weights), f"{row.checkpoint}, training seed {seed}", row.weights != "trained"
    series = TWIN if is_twin else TRAINED
    return Mark(group, series, row.value, row.ci_low, row.ci_high, row.null, row.n, key=key, note=note, twin=is_twin)


def difference_mark(row: DifferenceRow) -> Mark:
    """First minus second in percentage points."""
    against, is_twin = GIVEN[row.control], row.weights != "trained"
    group = f"{row.arm}: real − {against}" if row.kind == REAL else f"{row.arm}: {against} − {BASELINE}"
    low, high = (None if end is None else 100 * end for end in (row.ci_low, row.ci_high))
    tested = "" if row.p is None else f"; {p_words(row.p)}"
    return Mark(
        group, TWIN if is_twin else TRAINED, 100 * row.value, low, high, 100 * row.null, row.n, unit="points", twin=is_twin,
        key=row.pair, note=f"{row.first} − {row.second}, training seed {row.training_seed}{tested}",
        inside_null=None if row.p is None else row.p >= ALPHA,  # the test decides, as it does in the headline
    )  # fmt: skip


def commands(choice: Choice) -> list[str]:
    """For every arm without any of its controls the line that trains one, alike in everything else; and the reverse."""
    from analysis.models.arms import ARMS

    have, lines = {str(checkpoint.arm) for checkpoint in choice.checkpoints}, []
    for checkpoint in choice.checkpoints:
        real = ARMS[str(checkpoint.arm)].control_of
        wanted = [arm.name for arm in ARMS.values() if (arm.name == real if real else arm.control_of == checkpoint.arm)]
        if wanted and not have & set(wanted):
            lines.append(train_command(wanted[0], checkpoint, int(checkpoint.training.get("seed") or 0)))
    return list(dict.fromkeys(lines))


def train_command(arm: str, like: "Checkpoint", seed: int) -> str:
    """The line that trains an arm as a checkpoint was trained."""
    training = dict(like.training)
    corpus = str(training.get("corpus", "demo-full"))
    words = ["otoscope", "train", arm, "--scale", str(like.scale), "--seed", str(seed)]
    words += ["--corpus", corpus.removeprefix("demo-") if corpus.startswith("demo-") else "FOLDER"]
    words += [part for name in TRAINING if name in training for part in (f"--{name.replace('_', '-')}", str(training[name]))]
    return shlex.join(words)


def _lacking(result: Result, choice: Choice) -> None:
    """What is not controlled and why, where the headline does not say it, and the lines that train what is missing."""
    texts = [row.text for row in result.rows(MissingRow) if row.controllable and row.text not in result.headline]
    lines = commands(choice)
    train = "Train what is missing, which takes about as long as the arm itself took, then choose it above:" if lines else ""
    if text := " ".join([*texts, train]).strip():
        st.info(plain(text), icon=":material/info:")
    if lines:
        st.code("\n".join(lines), language=None, wrap_lines=True)


def _scores(result: Result, scores: Sequence[ScoreRow], differences: Sequence[DifferenceRow]) -> list[Key]:
    """S by arm and by what it is given; a click on a model leads to the first difference of which it is a part."""
    drawing = intervals.forest(
        [score_mark(row) for row in scores],
        x_title=s_title(result),
        y_title="arm: what it is given",
        percent=True,
        colours=COLOURS,
    )
    known = {
        (record.arm, record.condition): record.value
        for record in published_table.of_arms("controls", {row.arm for row in scores})
    }
    trained = [row for row in scores if row.weights == "trained"]
    beside = [((row.checkpoint, row.weights), known.get((row.arm, row.values))) for row in trained]
    has_published = published_table.add_diamonds(drawing, [(key, value) for key, value in beside if value is not None])
    picked = actions.figure(drawing, "scores", result, scores, select=("points",) if differences else ())
    if has_published:
        st.caption(published_table.LEGEND)
    return [_pair_of(differences, key[0]) for key in picked]


def _pair_of(differences: Sequence[DifferenceRow], checkpoint: object) -> Key:
    return next((row.pair for row in differences if checkpoint in (row.first, row.second)), ())


def _differences(result: Result, differences: Sequence[DifferenceRow], after: int) -> list[Key]:
    """Real minus control, and control minus baseline; a click above this figure takes back the one in it."""
    st.subheader("What the information adds, and what the parameters add", anchor=False)
    marks = [difference_mark(row) for row in differences]
    drawing = intervals.forest(
        marks, x_title="difference in S (percentage points)", y_title="first − second", null_name="no gain", colours=COLOURS
    )
    return actions.figure(drawing, f"differences-{after}", result, differences, select=("points",))


def _number_of(differences: Sequence[DifferenceRow], key: Key) -> int:
    return next((i for i, row in enumerate(differences, 1) if row.pair == key), 0)


def _numbers(differences: Sequence[DifferenceRow], clicked: Key) -> DifferenceRow:
    """All differences; the chosen one, of trained models."""
    trained = [row for row in differences if row.weights == "trained"]
    twins = {row.pair: row for row in differences if row.weights != "trained"}
    keys = [row.pair for row in trained]
    table = [
        {
            "kind": row.kind, "first": row.first, "second": row.second, "difference": short_text(difference_mark(row)),
            "twins": short_text(difference_mark(twins[row.pair])), "p": None if row.p is None else p_alone(row.p),
        }
        for row in trained
    ]  # fmt: skip
    start = keys.index(clicked) if clicked in keys else 0
    key = f"numbers_{'_'.join(map(str, clicked))}_{len(table)}"
    alt = "Differences; the chosen row is heard below"
    row = row_choice.pick_row(table, key, alt=alt, start=start, columns=COLUMNS, placeholder="—")
    n = f"n = {differences[0].n} queries of {differences[0].n_works} works"
    st.caption(f"{n}, paired; in brackets 95 % intervals, bootstrap over works; ○ not distinguishable from no gain.")
    return trained[row]


def differing_queries(result: Result, row: DifferenceRow) -> list[Missed]:
    """Queries that one of a pair finds among the first ten and the other does not, the farthest apart first; missed by that."""
    links = {(link.checkpoint, link.weights): link for link in result.rows(RanksRow)}
    pair = [links[name, row.weights] for name in (row.first, row.second)]
    first, second = (result.arrays[link.array] for link in pair)
    gained, query, windows = result.arrays[row.array], result.arrays["query"], result.rows(WindowRow)
    ways, numbers = np.nonzero(gained)
    apart = np.abs(first - second)[ways, numbers]
    missed = []
    for at in np.argsort(-apart, kind="stable")[:MOST]:
        way, i = int(ways[at]), int(numbers[at])
        lost = int(gained[way, i] > 0)
        about = {
            "found by": pair[1 - lost].checkpoint, "direction": WAYS[way], "ranks": f"{first[way, i]}, {second[way, i]}",
        }  # fmt: skip
        best_wrong, rank = int(result.arrays[pair[lost].instead][way, i]), int((first, second)[lost][way, i])
        missed.append(Missed(windows[int(query[i])], way, best_wrong, about, pair[lost].checkpoint, rank))
    return missed


def _differing_queries(result: Result, choice: Choice, row: DifferenceRow) -> None:
    st.subheader("Hear what makes the difference", anchor=False)
    missed = differing_queries(result, row)
    if not missed:
        st.caption(plain(f"{row.first} and {row.second} find the same matches: there is nothing to tell them apart."))
        return
    gained = result.arrays[row.array]
    counts = f"{int((gained > 0).sum())} found by {row.first} alone, {int((gained < 0).sum())} by {row.second} alone"
    st.caption(plain(f"{counts}, of {gained.size} (both directions). Ranks: {row.first}, then {row.second}."))
    key = f"apart_{row.array}_{row.first}_{row.second}"
    player.pick_missed(missed, result.rows(WindowRow), choice, key, columns=HEARD)


def _score_table(scores: Sequence[ScoreRow]) -> None:
    """S of every model beside its untrained twin."""
    twins = {row.checkpoint: row for row in scores if row.weights != "trained"}
    st.subheader("Every checkpoint", anchor=False)
    rows = [
        {
            "checkpoint": row.checkpoint, "given": "no descriptors" if row.arm == BASELINE else GIVEN[row.values],
            "S": short_text(score_mark(row)), "twin": short_text(score_mark(twins[row.checkpoint])), "n": row.n,
        }
        for row in scores
        if row.weights == "trained"
    ]  # fmt: skip
    st.dataframe(rows, column_config=SCORES, hide_index=True, height="content")
    st.caption(f"Chance {100 * scores[0].null:.1f} %; n counts queries; ○ not distinguishable from chance.")
