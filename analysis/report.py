"""report.html: the examination of checkpoints on one page that needs nothing else, neither files nor a network."""

import html
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.figures.studies import draw_study
from analysis.published.published import published, published_studies
from analysis.results import Result, Value, format_value
from analysis.studies.battery import Part
from analysis.studies.counterparts import counterparts

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


def write_report(parts: Sequence[Part], out: Path, arms: Mapping[str, str], *, title: str = "Examination") -> Path:
    """Write `report.html` in one step and return its path; the arguments are those of `report_page`."""
    place = out / "report.html"
    temporary = place.with_name(f".{place.name}.partial")
    temporary.write_text(report_page(parts, arms, title), encoding="utf-8")
    temporary.replace(place)
    return place


def report_page(parts: Sequence[Part], arms: Mapping[str, str], title: str = "Examination") -> str:
    """The report as HTML.

    Every study has its headline, figures, values with interval, null and n, the published numbers beside ours, the notices, and
    the command that gives the same numbers.

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
    rows = [f'<tr><td><a href="#{part.study}">{part.study}</a></td><td>{_said(part)}</td></tr>' for part in parts]
    return f"<table><tr><th>study</th><th>answer</th></tr>{''.join(rows)}</table>"


def _said(part: Part) -> str:
    return html.escape(part.result.headline if part.result else f"Not made: {part.error}")


def _section(part: Part, arms: Mapping[str, str]) -> str:
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
        f"{_published(part.result, arms)}{command}{_provenance(part.result)}"
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


def _published(result: Result, arms: Mapping[str, str]) -> str:
    """What is published about the arms that were examined, beside ours."""
    known = published(result.study) if result.study in published_studies() else ()
    records = [one for one in known if one.arm in arms.values()]
    if not records:
        return ""
    ours = counterparts(result, arms)
    cells = [
        (*place, f"{one.value:g} {one.unit}", ours.get(place, "–"), one.correction)
        for one in records
        if (place := (one.arm, one.condition, one.measure))
    ]
    rows = [f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in cells]
    head = "<tr><th>arm</th><th>condition</th><th>measure</th><th>published</th><th>ours</th><th>what to know</th></tr>"
    sources = " ".join(dict.fromkeys(sentence for one in records for sentence in (one.citation, one.comparability, one.source)))
    return (
        f"<details><summary>Published versus ours ({len(records)})</summary><p class='note'>{html.escape(sources)}</p>"
        f"<table>{head}{''.join(rows)}</table></details>"
    )


def _provenance(result: Result) -> str:
    facts = {name: fact for name, fact in result.provenance.items() if name != "command"}
    return (
        f"<details><summary>Where the numbers come from</summary><p><code>{html.escape(json.dumps(facts))}</code></p></details>"
    )
