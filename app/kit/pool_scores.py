"""What the pages of stress share: the pool behind an S, numbers of rows in words, one entry of a legend for all twins."""

import plotly.graph_objects as go

from analysis.results import Result
from analysis.rows import Measured
from analysis.studies.pools.words import pool_of
from app.charts import mark as marked
from app.charts import theme
from app.charts.mark import Mark

TWINS = "untrained twins"


def s_title(result: Result) -> str:
    """Title of an axis of S, with the pool where it is known."""
    return f"S (%), {pool}" if (pool := pool_of(result)) else "S (%)"


def among(result: Result, part: str = "S") -> str:
    """The pool as the end of a clause about S; empty where the result does not tell."""
    return f" among {pool}" if (pool := pool_of(result, part)) else ""


def pool_sentence(result: Result, part: str = "S") -> str:
    """The pool as a sentence of its own, with a space before it; empty where the result does not tell."""
    return f" S is of {pool}." if (pool := pool_of(result, part)) else ""


def cell(number: Measured, *, percent: bool = True) -> str | None:
    """A number with its interval, marked where that holds its null; None where there is none.

    >>> from analysis.rows import Numbers
    >>> cell(Numbers(0.5, 0.4, 0.6, 0.5, 96)), cell(Numbers(None, None, None, None, 96))
    ('○ 50.0 % [40.0, 60.0]', None)
    """
    mark = marked.from_row(number, "", "")
    return None if mark is None else f"{'○ ' if mark.undecided else ''}{marked.text_of(mark, percent)}"


def name_twins_once(drawing: go.Figure, top_px: int | None = None) -> go.Figure:
    """The legend of several checkpoints with one entry for their twins, whose lines say on hover whose they are.

    Args:
        drawing: from `app.charts.doses`.
        top_px: room for a legend of several rows.
    """
    entries = [trace for trace in drawing.data if trace.showlegend is not False and tuple(trace.x) == (None,)]
    twins = [trace for trace in entries if trace.line.color == theme.TWIN]
    if len(twins) > 1:
        twins[0].update(name=TWINS, legendrank=1001)
        for trace in twins[1:]:
            trace.update(showlegend=False)
        for trace in entries:
            if trace.line.color == theme.TEXT:
                trace.update(legendrank=1002)
    if top_px is not None:
        drawing.update_layout(margin_t=top_px)
    return drawing


def short_text(mark: Mark) -> str:
    """A number in per cent or in points, marked where its interval holds the null.

    >>> short_text(Mark("zero", "d4a4", 0.816, 0.758, 0.871, null=0.039))
    '81.6 [75.8, 87.1]'
    >>> short_text(Mark("", "", -0.04, -0.1, 0.3, 0.0, unit="points"))
    '○ 0.0 [-0.1, 0.3]'
    """
    drawn = marked.scaled(mark, percent=not mark.unit)
    numbers = (f"{number:.1f}" for number in (drawn.value, *(drawn.interval or ())))
    text, *ends = ("0.0" if number == "-0.0" else number for number in numbers)
    return ("○ " if mark.undecided else "") + text + (f" [{', '.join(ends)}]" if ends else "")
