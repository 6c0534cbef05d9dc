"""Nothing in the repository depends on the machine it was written on or on where packages come from."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Written in pieces, so that this file does not contain what it forbids.
PATHS = ["work", "root", "Users", r"home/\w+", "opt/pypi[a-z-]*", "opt/wheels"]
HOSTS = ["pypi.", "files.python" + "hosted.", "download.py" + "torch.", "registry.np" + "mjs.", "deb.de" + "bian."]
FORBIDDEN = re.compile(
    "|".join([*(rf"(?<![\w.~$}}-])/{path}/" for path in PATHS), *(rf"\b{re.escape(host)}\w+" for host in HOSTS)])
)


def tracked_files() -> list[Path]:
    """Files that git tracks or would track; without git (an unpacked archive) the folders that hold our text."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60).stdout.decode()
        found = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        folders = ("analysis", "app", "benchmarks", "checkpoints", "tests", ".streamlit", ".ci")
        found = [*ROOT.glob("*"), *(file for folder in folders for file in (ROOT / folder).rglob("*"))]
    return sorted(file for file in found if file.is_file() and "__pycache__" not in file.parts)


def test_no_registry_and_no_machine_path():
    found = []
    for file in tracked_files():
        data = file.read_bytes()
        if b"\0" in data[:8192]:
            continue
        for number, line in enumerate(data.decode("utf-8", errors="replace").splitlines(), 1):
            if match := FORBIDDEN.search(line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {match.group()}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("line", "name", "caught"),
    [
        ("see /{}/main", "work", True),
        ('open("/{}/x")', "root", True),
        ("index-url = https://{}.example/simple", "pypi", True),
        ("https://example.org/{}/paper", "work", False),
        ("$HOME/{}/x", "work", False),
        ("a network/{}/", "work", False),
    ],
)
def test_the_pattern_catches_what_it_should(line, name, caught):
    assert bool(FORBIDDEN.search(line.format(name))) is caught
