"""Negative numbers of tables have a minus sign, and are still sorted as numbers."""

from typing import Any

import pandas as pd
import pytest
import streamlit as st
from pandas.io.formats.style import Styler
from streamlit.testing.v1 import AppTest

from app.kit import tables

ROWS = [{"what": "a", "moved": -0.00012345, "n": 3}, {"what": "b", "moved": 10.0, "n": 4}, {"what": "c", "moved": None, "n": 5}]
COLUMNS: dict[str, Any] = {"moved": st.column_config.NumberColumn("moved", format="%.3g", width=72)}


def test_a_column_with_a_negative_number_is_sent_with_its_texts_beside_its_numbers() -> None:
    data, config = tables.with_minus(ROWS, COLUMNS)
    assert isinstance(data, Styler)
    written = data.to_html()
    assert "−0.000123" in written
    assert "-0.000123" not in written
    pd.testing.assert_frame_equal(pd.DataFrame(getattr(data, "data")), pd.DataFrame(ROWS))  # noqa: B009 - not in the stubs
    column: Any = config["moved"]
    assert (column["type_config"]["format"], column["width"]) == (None, 72)  # a format of the browser's would hide the texts
    assert COLUMNS["moved"]["type_config"]["format"] == "%.3g"  # the page's own is not changed


def test_the_browser_is_given_texts_and_numbers() -> None:
    def page() -> None:
        from app.kit import tables
        from tests.app.test_tables import COLUMNS, ROWS

        tables.draw(ROWS, COLUMNS)

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    table: Any = app.dataframe[0]
    assert table.value["moved"].tolist()[:2] == [-0.00012345, 10.0]
    assert "−0.000123".encode() in table.proto.arrow_data.styler.display_values


@pytest.mark.parametrize("moved", [0.5, None], ids=["nothing negative", "nothing"])
def test_a_table_without_negative_numbers_stays_as_it_is(moved: float | None) -> None:
    data, config = tables.with_minus([{"moved": moved}], COLUMNS)
    assert isinstance(data, pd.DataFrame)
    assert config == COLUMNS


def test_of_a_large_table_no_texts_are_sent() -> None:
    rows = [{"moved": -float(number)} for number in range(tables.MOST_CELLS + 1)]
    assert isinstance(tables.with_minus(rows, COLUMNS)[0], pd.DataFrame)
    assert isinstance(tables.with_minus(rows[1:], COLUMNS)[0], Styler)


@pytest.mark.parametrize("how", ["percent", "%,d", "compact"])
def test_a_format_of_the_browsers_own_stays(how: str) -> None:
    columns = {"moved": st.column_config.NumberColumn(format=how)}
    data, config = tables.with_minus([{"moved": -3.0}], columns)
    assert isinstance(data, pd.DataFrame)
    assert config == columns
