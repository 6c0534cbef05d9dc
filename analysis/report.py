"""report.html: the examination of checkpoints on one page that needs nothing else, neither files nor a network."""

import html
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.figures.studies import draw_study
from analysis.published.published import published, published_studies
from analysis.results import Result, Value, format_value
from analysis.studies.battery import Part

QUESTIONS = {
    "scoreboard": "Can it find the match?",
    "replication": "Would another training give the same?",
    "controls": "Is it the information or the parameters?",
    "ablation": "Which input is causal?",
    "bands": "Which frequencies drive it?",
    "transposition": "Does it follow a transposition, or ignore it?",
    "invariance": "What does it ignore?",
    "similarity": "Do layers and encoders speak the same language?",
    "probes": "What can be read out of each layer?",
    "embedding": "How is the space laid out?",
}
MOST_ROWS = 80
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1b2430;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem}h2{font-size:1.3rem;margin-top:2.5rem;border-top:1px solid #d5dae1;padding-top:1.2rem}
.headline{font-weight:600;font-size:1.05rem}table{border-collapse:collapse;font-size:.82rem;width:100%}
td,th{text-align:left;padding:.15rem .6rem .15rem 0;border-bottom:1px solid #e6e9ee;vertical-align:top}
code{background:#f2f4f7;padding:.1rem .3rem;font-size:.82rem;overflow-wrap:anywhere}
figure{margin:1rem 0}figcaption,.note{color:#55606d;font-size:.85rem}svg{max-width:100%;height:auto}
details{margin:.6rem 0}
"""


def write_report(parts: Sequence[Part], out: Path, *, title: str = "Examination") -> Path:
    """Write `report.html` in one step and return its path."""
    place = out / "report.html"
    temporary = place.with_name(f".{place.name}.partial")
    temporary.write_text(report_page(parts, title), encoding="utf-8")
    temporary.replace(place)
    return place


def report_page(parts: Sequence[Part], title: str = "Examination") -> str:
    """The report as HTML.

    Every study has its headline, figures, values with interval, null and n, the published numbers, the notices, and the command
    that gives the same numbers.
    """
    body = [f"<h1>{html.escape(title)}</h1>", _summary(parts), *(_section(part) for part in parts)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body>{''.join(body)}</body></html>"
    )


def _summary(parts: Sequence[Part]) -> str:
    rows = [f'<tr><td><a href="#{part.study}">{part.study}</a></td><td>{_said(part)}</td></tr>' for part in parts]
    return f"<table><tr><th>study</th><th>answer</th></tr>{''.join(rows)}</table>"


def _said(part: Part) -> str:
    return html.escape(part.result.headline if part.result else f"Not made: {part.error}")


def _section(part: Part) -> str:
    heading = f'<h2 id="{part.study}">{html.escape(QUESTIONS.get(part.study, part.study))}</h2>'
    notices = "".join(f'<p class="note">{html.escape(notice)}</p>' for notice in part.notices)
    command = f"<p><code>{html.escape(part.command)}</code></p>"
    if part.result is None:
        return f'{heading}<p class="headline">{_said(part)}</p>{notices}{command}'
    figures = "".join(
        f"<figure>{_svg(drawing)}<figcaption>{html.escape(caption)}</figcaption></figure>"
        for caption, drawing in draw_study(part.result)
    )
    return (
        f'{heading}<p class="headline">{_said(part)}</p>{notices}{figures}{_values(part.result.values)}'
        f"{_published(part.study)}{command}{_provenance(part.result)}"
    )


def _svg(drawing: Any) -> str:
    """A figure as an SVG element; the same figure gives the same text."""
    import matplotlib as mpl

    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "otoscope", "svg.fonttype": "path"}):
        drawing.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]


def _values(values: Sequence[Value]) -> str:
    rows = [
        f"<tr><td>{html.escape(value.name)}</td><td>{html.escape(format_value(value))}</td><td>{_null(value)}</td>"
        f"<td>{value.n}</td><td>{html.escape(value.estimator)}</td></tr>"
        for value in values[:MOST_ROWS]
    ]
    more = f'<p class="note">{len(values) - MOST_ROWS} more are in values.csv.</p>' if len(values) > MOST_ROWS else ""
    head = "<tr><th>what</th><th>value [95 % interval by work]</th><th>null</th><th>n</th><th>estimator</th></tr>"
    return f"<details><summary>{len(values)} values</summary><table>{head}{''.join(rows)}</table>{more}</details>"


def _null(value: Value) -> str:
    if value.null is None:
        return "–"
    return html.escape(format_value(Value("null", value.null, None, None, 0, None, value.unit, "")))


def _published(study: str) -> str:
    if study not in published_studies():
        return ""
    records = published(study)
    rows = [
        f"<tr><td>{html.escape(one.arm)}</td><td>{html.escape(one.condition)}</td><td>{html.escape(one.measure)}</td>"
        f"<td>{one.value:g} {html.escape(one.unit)}</td><td>{html.escape(one.correction)}</td></tr>"
        for one in records
    ]
    head = "<tr><th>arm</th><th>condition</th><th>measure</th><th>value</th><th>what to know</th></tr>"
    sources = " ".join(dict.fromkeys(sentence for one in records for sentence in (one.citation, one.comparability, one.source)))
    return (
        f"<details><summary>Published numbers ({len(records)})</summary><p class='note'>{html.escape(sources)}</p>"
        f"<table>{head}{''.join(rows)}</table></details>"
    )


def _provenance(result: Result) -> str:
    facts = {name: fact for name, fact in result.provenance.items() if name != "command"}
    return (
        f"<details><summary>Where the numbers come from</summary><p><code>{html.escape(json.dumps(facts))}</code></p></details>"
    )
