"""What a fresh server does not load before its first pages are drawn: what serves other pages and takes long to import."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
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
TELL = "\nimport json, os, sys\nos.write(int(sys.argv[1]), json.dumps(sorted(sys.modules)).encode() + b'\\n')\n"


def page(name: str, **parameters: str) -> str:
    """A program that draws a page for the first time."""
    return PAGE.format(path=str(ROOT / "app" / "views" / f"{name}.py"), parameters=parameters)


# One after the other in one process: what one of them loads stays there, so that what a later one must not load comes later.
STEPS = {
    "server": "import app.main", "title of checkpoints": "import app.views.checkpoints", "title of clip": "import app.views.clip",
    "list": LISTED, "clip": page("clip", clip="Upload or record"), "checkpoints": page("checkpoints"),
}  # fmt: skip


def loaded(programs: Iterable[str], cache: Path) -> list[set[str]]:
    """Names of all modules that a fresh interpreter has loaded at the end of every one of some programs."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OTOSCOPE_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        command = [sys.executable, "-c", "".join(program + TELL for program in programs), str(write)]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        child: subprocess.Popen[Any] = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[write], **quiet)
        os.close(write)
        names = pipe.read()
        errors = child.communicate(timeout=300)[1]
    assert child.returncode == 0, errors.decode()
    return [set(json.loads(line)) for line in names.splitlines()]


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """What is loaded after every step of a server's first minutes, by step."""
    return dict(zip(STEPS, loaded(STEPS.values(), tmp_path_factory.mktemp("cache")), strict=True))


def test_the_server_starts_without_any_of_them(names):
    assert "app.main" in names["server"]
    assert not names["server"] & {"numpy", *LIBRARIES}


@pytest.mark.parametrize("view", ["checkpoints", "clip"])
def test_the_title_of_a_page_waits_for_none_of_them(view, names):
    """What a page imports at its top comes before its title."""
    assert f"app.views.{view}" in names[f"title of {view}"]
    assert not names[f"title of {view}"] & LIBRARIES


def test_checkpoints_are_listed_without_the_compiler_of_pytorch(names):
    assert "torch" in names["list"]
    assert not names["list"] & {*COMPILER, *OTHERS, "pandas"}


def test_the_clip_page_is_drawn_without_what_serves_other_pages(names):
    assert not names["clip"] & {*COMPILER, *OTHERS, "pandas"}


def test_the_library_of_checkpoints_is_drawn_without_what_serves_other_pages(names):
    assert not names["checkpoints"] & (COMPILER | OTHERS)


def test_what_is_imported_ahead_is_what_those_pages_need(tmp_path):
    """Each of the modules is there, and none brings along what the pages do without."""
    (names,) = loaded(["from app import warm_up\nwarm_up.begin(0).join()"], tmp_path)
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
