"""What a fresh server does not load before its first pages are drawn: what serves other pages and takes long to import."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app import warm_up

ROOT = Path(__file__).resolve().parents[2]
COMPILER = {"torch._dynamo", "sympy"}
OTHERS = {"scipy.stats", "scipy.signal", "sklearn", "umap", "numba", "librosa", "matplotlib", "captum"}
LIBRARIES = {"torch", "pandas", "scipy.signal", "scipy.stats", "sklearn", "matplotlib", "librosa"}

LISTED = """
from analysis import paths
from analysis.models.checkpoint import list_checkpoints
list_checkpoints(paths.checkpoint_roots())
"""
PAGE = """
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({path!r}, default_timeout=300)
app.query_params.update({parameters!r})
app.run()
assert not app.exception, app.exception
"""


def page(name: str, **parameters: str) -> str:
    """A program that draws a page for the first time."""
    return PAGE.format(path=str(ROOT / "app" / "views" / f"{name}.py"), parameters=parameters)


def loaded(program: str, cache: Path) -> set[str]:
    """Names of all modules that a fresh interpreter has loaded at the end of a program."""
    tell = "\nimport json, os, sys\nos.write(int(sys.argv[1]), json.dumps(sorted(sys.modules)).encode())"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OTOSCOPE_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        command = [sys.executable, "-c", program + tell, str(write)]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        child: subprocess.Popen[Any] = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[write], **quiet)
        os.close(write)
        names = pipe.read()
        errors = child.communicate(timeout=300)[1]
    assert child.returncode == 0, errors.decode()
    return set(json.loads(names))


def test_the_server_starts_without_any_of_them(tmp_path):
    assert not loaded("import app.main", tmp_path) & {"numpy", *LIBRARIES}


@pytest.mark.parametrize("view", ["checkpoints", "clip"])
def test_the_title_of_a_page_waits_for_none_of_them(view, tmp_path):
    """What a page imports at its top comes before its title."""
    assert not loaded(f"import app.views.{view}", tmp_path) & LIBRARIES


def test_checkpoints_are_listed_without_the_compiler_of_pytorch(tmp_path):
    names = loaded(LISTED, tmp_path)
    assert "torch" in names
    assert not names & {*COMPILER, *OTHERS, "pandas"}


def test_the_library_of_checkpoints_is_drawn_without_what_serves_other_pages(tmp_path):
    assert not loaded(page("checkpoints"), tmp_path) & (COMPILER | OTHERS)


def test_the_clip_page_is_drawn_without_what_serves_other_pages(tmp_path):
    names = loaded(page("clip", clip="Upload or record"), tmp_path)
    assert not names & {*COMPILER, *OTHERS, "pandas"}


def test_what_is_imported_ahead_is_what_those_pages_need(tmp_path):
    """Each of the modules is there, and none brings along what the pages do without."""
    names = loaded("from app import warm_up\nwarm_up.begin(0).join()", tmp_path)
    assert set(warm_up.NEEDED) <= names
    assert not names & (COMPILER | OTHERS)


def test_what_cannot_be_imported_ahead_is_passed_over(monkeypatch):
    monkeypatch.setattr(warm_up, "NEEDED", ("there_is_no_such_module", "colorsys"))
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    warm_up.begin(0).join(60)
    assert "colorsys" in sys.modules


def test_nothing_is_imported_ahead_once_a_page_is_drawn(monkeypatch):
    monkeypatch.setattr(warm_up, "NEEDED", ("there_is_no_such_module",))
    tried = []
    monkeypatch.setattr(warm_up.importlib, "import_module", tried.append)
    thread = warm_up.begin(600)
    warm_up.stand_back()
    thread.join(60)
    assert not thread.is_alive()
    assert not tried
