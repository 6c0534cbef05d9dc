"""What the summary says: the best arm in at most 30 words, a sentence a test, and the table behind the figure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from analysis.descriptors.a4 import n_frames
from analysis.files import JsonObject
from analysis.measures.statistics import holm
from analysis.models.arms import build_config
from analysis.numbers import SHARE, Value, format_value, p_words
from analysis.results import Result, code_version
from analysis.rows import tables_of
from analysis.studies.at_hand import AtHand
from analysis.studies.summary.panels import NO_A4, NOT_COMPUTED, SOUND_ALONE, Cell, Panel, Question, Subject, Summary
from analysis.studies.summary.rows import CellRow, DifferenceRow, SourceRow

ALPHA = 0.05
UNDECIDED = "○"
NOTHING = "No result about these checkpoints is stored or came with them: there is nothing to sum up yet."
ONLY_CONTROLS = "Only controls are chosen: they show what an arm owes to its parameters and are not ranked as models."
UNSCORED = "None of the chosen arms has an S that is stored or came with it, so that none is called best."


def headline(summary: Summary) -> str:
    """The best real arm by S, n, chance and untrained twin, and its paired difference from the next; at most 30 words."""
    ranked = ranking(summary)
    if not summary.real:
        return ONLY_CONTROLS
    if not ranked:
        return NOTHING if all(panel.is_empty for panel in summary.panels) else UNSCORED
    best = ranked[0]
    text = f"S = {bare(best.value)}: {best.checkpoint} {_rank_sentence(summary, ranked)}{_controls(best)}"
    if best.undecided:
        return f"{text}, not distinguishable from chance."
    if len(ranked) < 2:
        return f"{text}."
    difference = _between(summary, best.checkpoint, ranked[1].checkpoint)
    if difference is None:
        return f"{text}, next {ranked[1].checkpoint}: {bare(ranked[1].value)}; no paired test at hand."
    p = _corrected(summary, ranked)[ranked[1].checkpoint]
    unclear = "not distinguishable, " if p >= ALPHA else ""
    return f"{text}, {difference.words} above {ranked[1].checkpoint} ({unclear}{p_words(p)})."


def _rank_sentence(summary: Summary, ranked: Sequence[Cell]) -> str:
    """What the best does; where a control, which is not ranked, has a higher S, it does not find most."""
    controls = [summary.panel("s").cell(subject.name).value for subject in summary.subjects if subject.is_control]
    best = ranked[0].value
    beaten = any(score and best and (score.value or 0.0) > (best.value or 0.0) for score in controls)
    return ("ranks first" if beaten else "finds most") if len(ranked) > 1 else "finds the match"


def _corrected(summary: Summary, ranked: Sequence[Cell]) -> dict[str, float]:
    """By arm, p of its paired test with the best, corrected by Holm for the number of such tests."""
    best = ranked[0].checkpoint
    tests = {cell.checkpoint: difference.p for cell in ranked[1:] if (difference := _between(summary, best, cell.checkpoint))}
    return dict(zip(tests, holm(list(tests.values())), strict=True)) if tests else {}


def ranking(summary: Summary) -> list[Cell]:
    """Cells of S of the real arms, highest first; of several pools or corpora only the arms of the most common pool."""
    cells = [cell for name in summary.real if (cell := summary.panel("s").cell(name)).value is not None]
    pools = [(cell.pool, cell.value and cell.value.null) for cell in cells]
    same = [cell for cell, pool in zip(cells, pools, strict=True) if pool == max(pools, key=pools.count)]
    return sorted(same, key=lambda cell: -(cell.value.value or 0.0) if cell.value else 0.0)


def second_line(summary: Summary) -> str:
    """From which arms the best can be told, corrected for their number, and where its controls stand; "" for nothing to say."""
    ranked = ranking(summary)
    if not ranked:
        return ""
    best, parts = ranked[0].checkpoint, []
    tests = _corrected(summary, ranked)
    clear = [f"{name} ({p_words(p)})" for name, p in tests.items() if p < ALPHA]
    alike = [f"{name} ({p_words(p)})" for name, p in tests.items() if p >= ALPHA]
    if clear:
        parts.append(f"{best} is above {listed(clear)}")
    if alike:
        parts.append(f"{'' if clear else f'{best} is '}not distinguishable from {listed(alike)}")
    kind = f" (paired permutation by work{', Holm over the arms' if len(tests) > 1 else ''}; one training each)"
    lines = ["; ".join(parts) + kind + "."] if parts else []
    return " ".join([*lines, *_controls_apart(summary)])


def _controls_apart(summary: Summary) -> list[str]:
    """S of the controls, which are not ranked."""
    cells = [(subject, summary.panel("s").cell(subject.name)) for subject in summary.subjects if subject.is_control]
    scored = [f"{subject.name} {bare(cell.value)}" for subject, cell in cells if cell.value is not None]
    return [f"Controls, not ranked: {listed(scored)}."] if scored else []


def pools_sentence(summary: Summary) -> str:
    """Where the pools differ between columns; "" where no S is there."""
    pools: dict[str, list[str]] = {}
    for panel in summary.panels:
        for words in dict.fromkeys(cell.pool.words for cell in panel.cells if cell.pool and cell.value):
            pools.setdefault(words, []).append(panel.question.title)
    if not pools:
        return ""
    listed_pools = "; ".join(f"{listed([f'“{title}”' for title in titles])}: {words}" for words, titles in pools.items())
    if len(pools) == 1:
        return f"Every S here is of one pool. {listed_pools}."
    return f"The pools differ between columns, so that an S of one column does not compare with that of another. {listed_pools}."


def sentence(panel: Panel, real: Sequence[str]) -> str:
    """What a test says of the real arms: from the lowest to the highest, beside the controls of the highest, in its own scope."""
    scored = [cell for name in real if (cell := panel.cell(name)).value is not None]
    silent = _silent(panel)
    if not scored:
        return silent
    ordered = sorted(scored, key=lambda cell: (cell.value and cell.value.value) or 0.0)
    last, first = ordered[0], ordered[-1]
    text = f"{_worded(first)} in {first.checkpoint}{_beside(first, panel)}"
    if len(ordered) > 1:
        text = f"from {_worded(last)} in {last.checkpoint} to {text}"
    text = f"{text[0].upper()}{text[1:]}."
    if undecided := [cell.checkpoint for cell in scored if cell.undecided]:
        text += f" Not distinguishable from {panel.question.null_name}: {listed(undecided)}."
    return " ".join(filter(None, (text, silent)))


def _silent(panel: Panel) -> str:
    """Who has no number, by reason."""
    why: dict[str, list[str]] = {}
    for cell in panel.cells:
        if cell.value is None:
            why.setdefault(cell.missing, []).append(cell.checkpoint)
    if list(why) == [NOT_COMPUTED] and panel.is_empty:
        return "Not computed yet for these checkpoints."
    named = {NO_A4: "Without A4", NOT_COMPUTED: "Not computed", SOUND_ALONE: "Read sound alone"}
    return " ".join(f"{named.get(reason, reason[:1].upper() + reason[1:])}: {listed(names)}." for reason, names in why.items())


def _worded(cell: Cell) -> str:
    return f"{bare(cell.value)}{f' for {cell.detail}' if cell.detail else ''}"


def _beside(cell: Cell, panel: Panel) -> str:
    """Null and twin."""
    null = cell.value.null if cell.value else None
    parts = [f"{panel.question.null_name} {number(null, panel.question.unit)}"] if null else []
    if cell.twin is not None and cell.twin.value is not None:
        parts.append(f"{panel.question.twin_name} {number(cell.twin.value, panel.question.unit)}")
    return f" ({', '.join(parts)})" if parts else ""


def _controls(cell: Cell) -> str:
    """N, chance and untrained twin of an S, in brackets."""
    if cell.value is None:
        return ""
    twin = f", untrained twin {number(cell.twin.value)}" if cell.twin and cell.twin.value is not None else ""
    chance = "" if cell.value.null is None else f", chance {number(cell.value.null)}"
    return f" (n = {cell.value.n:,}{chance}{twin})"


def _between(summary: Summary, first: str, second: str) -> DifferenceRow | None:
    """The paired difference first minus second, whichever way round it is stored."""
    both_ways = (way for row in summary.differences for way in (row, row.reversed))
    return next((row for row in both_ways if (row.first, row.second) == (first, second)), None)


def bare(value: Value | None) -> str:
    """A value with its interval, without a verdict; "–" for none."""
    return "–" if value is None or value.value is None else format_value(replace(value, null=None))


def number(value: float, unit: str = SHARE) -> str:
    """A number alone in the unit of its test."""
    return format_value(Value({"what": "number"}, value, None, None, 0, None, unit, ""))


def bottleneck() -> str:
    """What the small scale cannot test, counted from the configurations of both scales."""
    small, paper = (build_config("a4r", scale) for scale in ("small", "paper"))
    return (
        f"At the small scale {small.n_audio_tokens:,} CNN tokens meet {n_frames(small.n_samples):,} A4 frames. The bottleneck "
        f"of reverse attention ({paper.n_audio_tokens:,} → {n_frames(paper.n_samples):,} at the scale of the paper) is absent "
        "there, so that a4r-small and d4-a4r-small cannot test that claim."
    )


def listed(names: Sequence[str]) -> str:
    """Names with commas and an "and"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def cell_text(cell: Cell) -> str:
    """What the table says: the value with its interval, a hollow mark where it is not distinguishable from its null, the band."""
    if cell.value is None:
        return cell.missing
    return f"{bare(cell.value)}{f', {cell.detail}' if cell.detail else ''}{f' {UNDECIDED}' if cell.undecided else ''}"


def text_table(summary: Summary) -> list[str]:
    """A line a checkpoint for the terminal, under a line of titles; controls are indented."""
    head = ["checkpoint", *(panel.question.title for panel in summary.panels)]
    rows = [
        [
            f"{'  control: ' if subject.is_control else ''}{subject.name}",
            *(cell_text(panel.cell(subject.name)) for panel in summary.panels),
        ]
        for subject in summary.subjects
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)]


def cell_rows(summary: Summary) -> list[CellRow]:
    """A row a cell, with every number in its unit: what is downloaded."""
    return [
        _row(panel.question, subject, cell)
        for panel in summary.panels
        for subject, cell in zip(summary.subjects, panel.cells, strict=True)
    ]


def _row(question: Question, subject: Subject, cell: Cell) -> CellRow:
    ours, twin, near = cell.value, cell.twin, cell.published
    return CellRow(
        question.title, subject.name, subject.arm, subject.control_of,
        value=ours and ours.value, ci_low=ours and ours.ci_low, ci_high=ours and ours.ci_high, n=ours and ours.n,
        null=ours and ours.null, null_high=cell.null_high, undecided=cell.undecided, detail=cell.detail,
        twin=twin and twin.value, twin_ci_low=twin and twin.ci_low, twin_ci_high=twin and twin.ci_high,
        estimator=ours.estimator if ours else "", pool=cell.pool.words if cell.pool else "",
        published_by_others=near and near.value, published_as=near.text if near else "", missing=cell.missing,
        unit=question.unit,
    )  # fmt: skip


def as_result(summary: Summary, request: JsonObject, at_hand: Mapping[str, Sequence[AtHand]], command: str) -> Result:
    """The summary in the schema of a result: what pages download and the command line prints."""
    values = [
        replace(value, key={"checkpoint": subject.name, "weights": weights, "what": panel.question.title})
        for panel in summary.panels
        for subject, cell in zip(summary.subjects, panel.cells, strict=True)
        for weights, value in (("trained", cell.value), ("untrained", cell.twin))
        if value is not None
    ]
    used = [source for results in at_hand.values() for source in results]
    shas = {field: {} for field in ("checkpoint_sha256", "corpus_sha256")}
    for source in used:
        for field, known in shas.items():
            known |= {k: v for k, v in source.result.provenance.get(field, {}).items() if _is_chosen(field, k, summary)}
    sources = [SourceRow(source.result.study, str(source.result.provenance.get("command", "")), source.origin) for source in used]
    made = {**shas, "code_version": code_version(), "command": command}
    tables = tables_of([*cell_rows(summary), *summary.differences, *sources])
    return Result("summary", request, headline(summary), values, tables, {}, made)


def _is_chosen(field: str, name: str, summary: Summary) -> bool:
    return field != "checkpoint_sha256" or name in {subject.name for subject in summary.subjects}
