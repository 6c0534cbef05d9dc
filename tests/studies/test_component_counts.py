"""Parameters by component beside what is published of them."""

import pytest

from analysis.models.counting import count_parameters
from analysis.studies.component_counts import TOTAL, component_counts


@pytest.mark.parametrize(("arm", "concatenated", "total"), [("d4a4", 0.01, 75.5), ("a4r", 4.2, 78.6), ("d4-a4r", 4.2, 78.9)])
def test_every_component_stands_beside_its_published_number(arm, concatenated, total):
    rows = {row.component: row for row in component_counts(arm, count_parameters(arm, "small"))}
    said = {name: row.published.value for name, row in rows.items() if row.published}
    assert set(said) == set(rows)
    assert (said["A4 injection"], said["audio CNN"], said[TOTAL]) == (concatenated, 3.2, total)
    assert total == round((rows[TOTAL].at_paper_scale or 0) / 1e6, 1)
    assert rows[TOTAL].here == sum(row.here for row in rows.values() if row.component != TOTAL)


def test_a_component_that_the_arm_lacks_has_no_row():
    assert "A4 injection" not in {row.component for row in component_counts("D0", count_parameters("D0", "small"))}


def test_arms_that_nobody_published_are_counted_alone():
    rows = component_counts("d4a4-zero", count_parameters("d4a4-zero", "small"))
    assert all(row.published is None and row.at_paper_scale for row in rows)
    unknown = component_counts("nobody's", {"encoder": 12, TOTAL: 12})
    assert [(row.here, row.at_paper_scale, row.published) for row in unknown] == [(12, None, None), (12, None, None)]
