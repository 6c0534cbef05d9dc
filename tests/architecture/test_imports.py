"""Imports point downwards, every folder is a package, and the packages under test are the ones in this repository."""

import subprocess
import sys
from pathlib import Path

import pytest

import analysis
import app

ROOT = Path(__file__).resolve().parents[2]


def test_contracts_are_kept():
    """The contracts of `[tool.importlinter]` in pyproject.toml."""
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [str(lint), "--no-cache", "--config", "pyproject.toml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"


def test_every_folder_with_code_is_a_package():
    """A folder without `__init__.py` would be invisible to the contracts and missing from the wheel."""
    folders = {file.parent for package in ("analysis", "app") for file in (ROOT / package).rglob("*.py")}
    missing = sorted(str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").is_file())
    assert not missing, f"add an __init__.py to: {', '.join(missing)}"


@pytest.mark.parametrize("package", [analysis, app], ids=lambda package: package.__name__)
def test_the_package_is_ours(package):
    """`app` and `analysis` are common names: another project in the same environment could shadow them."""
    assert package.__file__ is not None
    assert Path(package.__file__).resolve().parent.parent == ROOT
