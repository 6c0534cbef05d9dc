"""Importing any module does nothing: no output, no file, no connection, no global seed, no logging set-up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = r"""
import importlib, json, logging, os, pkgutil, random, sys
import numpy as np
import torch

opened, reached = [], []


def watch(event, args):
    if event == "open" and isinstance(args[0], str) and not args[0].startswith(os.devnull):
        mode, flags = args[1], args[2]
        writes = any(c in mode for c in "wax+") if isinstance(mode, str) else flags & (os.O_WRONLY | os.O_RDWR)
        if writes and not os.path.abspath(args[0]).startswith(watched_elsewhere):
            opened.append(args[0])
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
        reached.append(f"{event} {args[:2]!r}")


def state():
    return {
        "random": repr(random.getstate()),
        "numpy": repr(np.random.get_state()),
        "torch": torch.get_rng_state().tolist(),
        "handlers": repr(logging.getLogger().handlers),
        "level": logging.getLogger().level,
        "directory": os.getcwd(),
    }


def names(package):
    found = importlib.import_module(package)
    yield package
    for module in pkgutil.walk_packages(found.__path__, package + "."):
        if not module.name.endswith("__main__"):
            yield module.name


watched_elsewhere = os.environ["LIBRARY_CACHES"]
before, changed = state(), {}
sys.addaudithook(watch)
imported = 0
for package in ("analysis", "app.charts"):
    for name in names(package):
        importlib.import_module(name)
        imported += 1
        after = state()
        if after != before:
            changed[name] = [key for key in after if after[key] != before[key]]
            before = after
report = {"imported": imported, "changed": changed, "opened": opened, "reached": reached}
os.write(int(sys.argv[1]), json.dumps(report).encode())
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """What a fresh interpreter, started in `/` with an empty home, reports after importing everything."""
    home, caches = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("caches")
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")}
    # What matplotlib and numba keep between runs is theirs, not ours.
    environment = kept | {
        "HOME": str(home),
        "LIBRARY_CACHES": str(caches),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(caches),
        "NUMBA_CACHE_DIR": str(caches),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(caches),
    }
    read, write = os.pipe()
    top = set(Path("/").iterdir())
    with os.fdopen(read, "rb") as pipe:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(write)],
            cwd="/",
            env=environment,
            pass_fds=[write],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        os.close(write)
        output = child.communicate(timeout=300)[0].decode()
        text = pipe.read()
    assert child.returncode == 0, output
    files = sorted(str(path.relative_to(home)) for path in Path(home).rglob("*"))
    new = sorted(str(path) for path in set(Path("/").iterdir()) - top)
    return json.loads(text) | {"output": output, "home": files, "top": new}


def test_imports_print_nothing(imported):
    assert imported["imported"] > 5
    assert imported["output"] == ""


def test_imports_write_no_file(imported):
    assert imported["opened"] == []
    assert imported["home"] == []
    assert imported["top"] == []


def test_imports_reach_nothing(imported):
    assert imported["reached"] == []


def test_imports_change_no_global_state(imported):
    assert imported["changed"] == {}
