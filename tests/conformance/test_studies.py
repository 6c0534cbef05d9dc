"""Every study, from a result that its own run returned to all that is made of it: page, print figures, report, published numbers.

Both a small result of now and the one that came with the checkpoints go all the way, so that neither end can change alone.
"""

import json
import math
from collections.abc import Callable, Mapping

import pytest

from analysis import paths
from analysis.models.arms import ARMS
from analysis.published.published import published_studies
from analysis.report import report_page
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.battery import Part
from analysis.studies.counterparts import counterparts
from app.kit import layout
from tests.conformance.drawn import Case, missing

Of = Callable[[str], Case]
SOURCES = ("small", "shipped")
GOLDEN = paths.repository() / "tests" / "golden" / "studies.json"


@pytest.fixture
def case(request: pytest.FixtureRequest, study: str, source: str) -> Case:
    return request.getfixturevalue(source)(study)


CASES = [(name, source) for name in study_names() for source in SOURCES if source == "small" or find_study(name).has_demo]
cases = pytest.mark.parametrize(("study", "source"), CASES)


def arms_of(case: Case) -> Mapping[str, str]:
    """The arm of every checkpoint, read out of its name; a family alone is its own."""
    names = case.address["checkpoints"]
    arms = {name: [arm for arm in ARMS if name.startswith(f"{arm}-")] for name in names}
    return {name: max(known, key=len) if known else name.partition("-")[0] for name, known in arms.items()}


@cases
def test_its_page_shows_all_of_it(case: Case, study: str, source: str) -> None:
    app = case.open()
    assert missing(app) == []
    assert layout.plain(case.result.headline) in [one.value for one in app.header]
    assert "Compute" not in [button.label for button in app.button]


@cases
def test_its_print_figures_have_captions_and_content(case: Case, study: str, source: str) -> None:
    drawn = find_study(study).draw(case.result)
    assert drawn
    for caption, figure in drawn:
        assert caption.endswith(".")
        assert any(axes.has_data() for axes in figure.axes), caption


@cases
def test_the_report_holds_every_value(case: Case, study: str, source: str) -> None:
    page = report_page([Part(study, "otoscope", case.result)], arms_of(case))
    assert page.count("<td>") > len(case.result.values)
    assert f'id="{study}"' in page


@cases
def test_a_published_number_about_it_has_its_counterpart(case: Case, study: str, source: str) -> None:
    if study not in published_studies():
        pytest.skip("nothing is published about this study")
    if (study, source) == ("replication", "shipped"):
        pytest.skip("published are means over training seeds; of what has weights here every arm was trained once")
    found = counterparts(case.result, arms_of(case))
    assert found
    assert all(text for text in found.values())


@cases
def test_every_table_has_a_class_that_reads_it(case: Case, study: str, source: str) -> None:
    """A column that is renamed in a study alone, or in its rows alone, is seen here."""
    kinds = find_study(study).rows
    tables = {name for name, records in case.result.tables.items() if records}
    assert tables <= {kind.table for kind in kinds}
    for name in tables:
        assert [kind for kind in kinds if kind.table == name and case.result.holds(kind)], name
    rows = [row for kind in kinds if case.result.holds(kind) for row in case.result.rows(kind)]
    assert len(rows) == sum(len(case.result.tables[name]) for name in tables)


@pytest.mark.parametrize("study", study_names())
def test_what_a_study_offers(study: str) -> None:
    found = find_study(study)
    assert all(map(callable, (found.module.measure, found.module.conclude) if found.has_parts else (found.module.run,)))
    assert found.request(checkpoints=("one",)).checkpoints == ("one",)


@pytest.mark.parametrize("study", study_names())
def test_a_small_result_is_the_one_of_before(study: str, small: Of) -> None:
    """The numbers that were written down when all of this last stood still: a change has to be meant.

    On another processor embeddings differ by 1e-5, which can exchange neighbours in a ranking, and S of 16 queries by 1/16.
    """
    before = json.loads(GOLDEN.read_text("utf-8"))[study]
    after = {one.name: (one.unit, [one.value, one.ci_low, one.ci_high, one.null]) for one in small(study).result.values}
    assert list(before) == list(after)
    apart = {name: (before[name], numbers) for name, (unit, numbers) in after.items() if not alike(before[name], numbers, unit)}
    assert apart == {} or study == "embedding", apart  # t-SNE and UMAP take another course after the first rounding


def alike(before: list[float | None], after: list[float | None], unit: str) -> bool:
    relative, absolute = (0.0, 1.01 / 16) if unit == "share" else (2e-2, 5e-3)
    return all(
        one is other if one is None or other is None else math.isclose(one, other, rel_tol=relative, abs_tol=absolute)
        for one, other in zip(before, after, strict=True)
    )
