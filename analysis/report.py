"""report.html: the examination of checkpoints on one page that needs nothing else, neither files nor a network."""

import html
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.figures.saving import save
from analysis.files import replace_file
from analysis.numbers import Value, format_value
from analysis.published.published import published, published_studies
from analysis.results import Result
from analysis.studies.base.registry import find_study
from analysis.studies.battery import Part
from analysis.studies.cautions import cautions, sentences
from analysis.studies.counterparts import counterparts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHECKPOINT, WEIGHTS, BOTH = "checkpoint", "weights", ("trained", "untrained")
UNDECIDED = "○ "
OTHERS = "inputs and others"
ESTIMATOR = "estimator, kind of interval"
PAIRED = ("what", "trained [95 % interval]", "null", "untrained twin [95 % interval]", "null", "n", ESTIMATOR)
SINGLE = ("what", "value [95 % interval]", "null", "n", ESTIMATOR)
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1b2430;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem}h2{font-size:1.3rem;margin-top:2.5rem;border-top:1px solid #d5dae1;padding-top:1.2rem}
.headline{font-weight:600;font-size:1.05rem}table{border-collapse:collapse;font-size:.82rem;width:100%}
td,th{text-align:left;padding:.15rem .6rem .15rem 0;border-bottom:1px solid #e6e9ee;vertical-align:top}
code{background:#f2f4f7;padding:.1rem .3rem;font-size:.82rem;overflow-wrap:anywhere}
figure{margin:1rem 0}figcaption,.note{color:#55606d;font-size:.85rem}svg{max-width:100%;height:auto}
details{margin:.6rem 0;overflow-x:auto}
"""


def write_report(parts: Sequence[Part], out: Path, arms: Mapping[str, str], *, title: str = "Examination") -> Path:
    """Write `report.html` in one step and return its path; the arguments are those of `report_page`."""
    path = out / "report.html"
    replace_file(path, report_page(parts, arms, title).encode())
    return path


def report_page(parts: Sequence[Part], arms: Mapping[str, str], title: str = "Examination") -> str:
    """The report as HTML.

    Every study has its headline, figures, all values with interval, null and n, the published numbers beside ours, the notices,
    and the command that gives the same numbers. Of its further tables it names the files.

    Args:
        parts: of the examination.
        arms: checkpoint → arm, to find what is published about it.
        title: what was examined.
    """
    body = [f"<h1>{html.escape(title)}</h1>", _summary(parts), *(_section(part, arms) for part in parts)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body>{''.join(body)}</body></html>"
    )


def _summary(parts: Sequence[Part]) -> str:
    rows = [f'<tr><td><a href="#{part.study}">{part.study}</a></td><td>{_answer_html(part)}</td></tr>' for part in parts]
    return f"<table><tr><th>study</th><th>answer</th></tr>{''.join(rows)}</table>"


def _answer_html(part: Part) -> str:
    return html.escape(part.result.headline if part.result else f"Not made: {part.error}")


def _section(part: Part, arms: Mapping[str, str]) -> str:
    heading = f'<h2 id="{part.study}">{html.escape(find_study(part.study).question)}</h2>'
    texts = dict.fromkeys((*((*sentences(part.result), *cautions(part.result)) if part.result else ()), *part.notices))
    notices = "".join(f'<p class="note">{html.escape(notice)}</p>' for notice in texts)
    command = f"<p><code>{html.escape(part.command)}</code></p>"
    if part.result is None:
        return f'{heading}<p class="headline">{_answer_html(part)}</p>{notices}{command}'
    figures = "".join(
        f"<figure>{_svg(drawing)}<figcaption>{html.escape(caption)}</figcaption></figure>"
        for caption, drawing in find_study(part.study).draw(part.result)
    )
    return (
        f'{heading}<p class="headline">{_answer_html(part)}</p>{notices}{figures}{_values(part.result)}'
        f"{_published(part.result, arms)}{command}{_provenance(part.result)}"
    )


def _svg(drawing: "Figure") -> str:
    """A figure as an SVG element; the same figure gives the same text."""
    import matplotlib as mpl

    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "otoscope", "svg.fonttype": "path"}):
        save(drawing, file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]


def _values(result: Result) -> str:
    """Every value, one table per checkpoint with trained beside untrained, and one of what is of none alone."""
    groups: dict[str, list[Value]] = {}
    for value in result.values:
        groups.setdefault(str(value.key.get(CHECKPOINT, OTHERS)), []).append(value)
    drawn = "".join(_group(result.study, whose, groups[whose]) for whose in sorted(groups, key=lambda whose: whose == OTHERS))
    legend = f'<p class="note">In brackets 95 % intervals; {UNDECIDED.strip()} not distinguishable from the null.</p>'
    return legend + drawn + _files(result)


def _group(study: str, whose: str, values: Sequence[Value]) -> str:
    lines: dict[tuple[str, int], dict[str, Value]] = {}
    single, seen = [], Counter[tuple[str, str]]()
    for value in values:
        if value.key.get(CHECKPOINT) and (weights := str(value.key.get(WEIGHTS))) in BOTH:
            what = value.name_without(CHECKPOINT, WEIGHTS)
            lines.setdefault((what, seen[weights, what]), {})[weights] = value
            seen[weights, what] += 1
        else:
            single.append((value.name_without(CHECKPOINT), *_cells(value), str(value.n), _estimator(study, value)))
    paired = []
    for (what, _), values_of in lines.items():
        numbers = (cell for weights in BOTH for cell in _cells(values_of.get(weights)))
        both = [values_of[weights] for weights in BOTH if weights in values_of]
        rests_on = (dict.fromkeys(words) for words in zip(*((str(of.n), _estimator(study, of)) for of in both), strict=True))
        paired.append((what, *numbers, *map(" / ".join, rests_on)))
    tables = "".join(_table(head, rows) for head, rows in ((PAIRED, paired), (SINGLE, single)) if rows)
    return f"<details><summary>{html.escape(whose)}: {_counted(len(values), 'value')}</summary>{tables}</details>"


def _cells(value: Value | None) -> tuple[str, str]:
    """A value with its interval, marked where the interval holds the null, and the null."""
    if value is None:
        return "–", "–"
    text = (UNDECIDED if value.inside_null else "") + format_value(replace(value, null=None))
    if value.null is None:
        return text, "–"
    return text, format_value(Value({"what": "null"}, value.null, None, None, 0, None, value.unit, ""))


def _estimator(study: str, value: Value) -> str:
    if value.ci_low is None or "interval" in value.estimator:
        return value.estimator
    return f"{value.estimator}, {find_study(study).interval}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_line("th", head), *(_line("td", row) for row in rows)]
    return f"<table>{''.join(lines)}</table>"


def _line(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _files(result: Result) -> str:
    """Which files hold the tables that are not here."""
    names = [
        f"<code>{html.escape(f'{result.study}/{name}.csv')}</code> ({_counted(len(rows), 'row')})"
        for name, rows in result.tables.items()
        if rows
    ]
    if not names:
        return ""
    where = "The other tables of this study are files beside a report that <code>otoscope battery</code> wrote, and what "
    where += "<code>--out</code> adds to the command below: "
    return f'<p class="note">{where}{", ".join(names)}.</p>'


def _published(result: Result, arms: Mapping[str, str]) -> str:
    """What is published about the arms that were examined, beside ours; what is known about it below, each sentence once."""
    known = published(result.study) if result.study in published_studies() else ()
    records = [record for record in known if record.arm in arms.values()]
    if not records:
        return ""
    ours = counterparts(result, arms)
    notes = {
        text: number for number, text in enumerate(dict.fromkeys(text for record in records for text in record.corrections), 1)
    }
    rows = [
        (
            *key,
            f"{record.value:g} {record.unit}".rstrip(),
            ours.get(key, "–"),
            " ".join(f"({notes[text]})" for text in record.corrections),
        )
        for record in records
        if (key := (record.arm, record.condition, record.measure))
    ]
    table = _table(("arm", "condition", "measure", "published", "ours", "what to know"), rows)
    sources = " ".join(
        dict.fromkeys(sentence for record in records for sentence in (record.citation, record.comparability, record.source))
    )
    footnotes = "".join(
        f"<p class='note'>{html.escape(text)}</p>" for text in (*(f"({n}) {text}" for text, n in notes.items()), sources)
    )
    return f"<details><summary>Published versus ours ({len(records)})</summary>{table}{footnotes}</details>"


def _provenance(result: Result) -> str:
    facts = {name: fact for name, fact in result.provenance.items() if name != "command"}
    return (
        f"<details><summary>Where the numbers come from</summary><p><code>{html.escape(json.dumps(facts))}</code></p></details>"
    )
