"""Tables whose negative numbers have a minus sign where the browser would write a hyphen; they are sorted as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

import streamlit as st

if TYPE_CHECKING:
    from pandas import DataFrame
    from pandas.io.formats.style import Styler
    from streamlit.elements.lib.column_config_utils import ColumnConfigMappingInput

MOST_CELLS = 20_000  # of more, texts take pandas seconds
Height = int | Literal["auto", "content"]
Records = Sequence[Mapping[str, object]]


def draw(
    rows: Records | DataFrame, columns: ColumnConfigMappingInput | None = None, *, height: Height = "auto", placeholder: str = "—"
) -> None:
    """Draw a table whose numbers may be negative.

    Args:
        rows: records, or a table of pandas.
        columns: column_config of the table.
        height: in pixels, or as Streamlit words it.
        placeholder: in place of what is missing.
    """
    data, config = with_minus(rows, columns)
    st.dataframe(data, column_config=config, hide_index=True, height=height, placeholder=placeholder)


def with_minus(
    rows: Records | DataFrame, columns: ColumnConfigMappingInput | None
) -> tuple[DataFrame | Styler, ColumnConfigMappingInput]:
    """A table and its column_config, so that negative numbers are written with U+2212, as everywhere else.

    The browser writes numbers of a column itself, with a hyphen, as long as the column has a format. A column with a negative
    number is therefore sent with its texts beside its numbers, by which it is sorted, and without its format: the texts are in
    that format, one of printf's, or where there is none with up to four decimals, as the browser writes numbers then. A column
    with another format, such as "percent", stays as it is, and so does a table of more than `MOST_CELLS`.
    """
    from pandas import DataFrame

    frame, config = DataFrame(rows), _known(columns)
    texts: dict[str, Callable[[float], str]] = {}
    for name in frame.select_dtypes("number").columns:
        column, kind = config.get(name), _kind_of(config.get(name))
        how = kind.get("format")
        if frame.size > MOST_CELLS or not (frame[name].to_numpy() < 0).any() or not (how is None or _is_printf(how)):
            continue
        texts[name] = partial(_text, None if how is None else str(how))
        if isinstance(column, Mapping):
            config[name] = {**column, "type_config": {**kind, "format": None}}
    styled = cast("Styler", frame.style.format(texts)) if texts else frame
    return styled, cast("ColumnConfigMappingInput", config)


def _known(columns: ColumnConfigMappingInput | None) -> dict[object, object]:
    return {} if columns is None else {**columns}


def _kind_of(column: object) -> Mapping[str, object]:
    """What the configuration of a column says of its numbers."""
    kind = column.get("type_config") if isinstance(column, Mapping) else None
    return kind if isinstance(kind, Mapping) else {}


def _is_printf(how: object) -> bool:
    try:
        return isinstance(how, str) and bool(how % 0.5)
    except (TypeError, ValueError):
        return False


def _text(how: str | None, number: float) -> str:
    """A number in a format of printf, or with up to four decimals, with a minus sign.

    >>> _text("%.3g", -0.00012345), _text(None, -0.5), _text("%.1f %%", 20)
    ('−0.000123', '−0.5', '20.0 %')
    """
    text = how % number if how is not None else f"{number:.4f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")
