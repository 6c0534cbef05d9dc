"""The version of a part of the library follows what it imports and nothing else."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.sources import closure, code_of
from analysis.studies.base.registry import studies

FILES = {
    "__init__.py": "", "measure.py": "from parts.leaf import (\n    one,  # of two\n    other,\n)\n",
    "leaf.py": "def one():\n    import parts.late\n", "late.py": "", "apart.py": "import parts.measure\n",
}  # fmt: skip


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The version of parts.measure after some files of a small package have other contents."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "parts").mkdir()

    def of(**changed: str) -> str:
        for name, text in (FILES | {f"{name}.py": text for name, text in changed.items()}).items():
            (tmp_path / "parts" / name).write_text(text)
        code_of.cache_clear()
        sys.modules["analysis.sources"]._imported.cache_clear()
        return code_of("parts.measure")

    return of


def test_a_version_changes_with_what_is_imported_also_late_and_through_others(version: Callable[..., str]) -> None:
    before = version()
    assert before == version()
    assert len({before, version(leaf="x = 1"), version(late="x = 1"), version(measure="x = 1")}) == 4


def test_a_new_file_elsewhere_changes_nothing(version: Callable[..., str]) -> None:
    assert version() == version(apart="import parts.measure as x") == version(new="y = 2")


def test_names_inside_a_module_are_no_modules(version: Callable[..., str]) -> None:
    version()
    assert set(closure(("parts.measure",))) == {"parts", "parts.measure", "parts.leaf", "parts.late"}


def test_no_study_depends_on_what_shows_it_or_on_another() -> None:
    for study in studies():
        modules = closure((f"{study.package}.study",))
        assert f"{study.package}.study" in modules
        outside = ("analysis.figures", "analysis.jobs", "analysis.cli", "analysis.report", "analysis.published", "app")
        assert not [name for name in modules if name.startswith(outside)]
