"""How long people wait for pages: the first page of a cold server, the first picture of an upload, another head.

    python benchmarks/pages.py [--checkpoint D0-small] [--repeats 3] [--heads 5] [--choosing 2]

Every repetition starts a server with an empty cache and a browser that has kept nothing, opens a page as soon as the server takes
connections, uploads 30 s of noise from a seeded generator after the two seconds that a person takes to choose a file, and chooses
other heads. Prints medians with the least and the most in seconds, and the load, for other work lengthens every number. Needs
playwright and a Chromium.
"""

import argparse
import contextlib
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import soundfile
from clip_page import ARGUMENTS, FIRST, PATTERN, WHERE, start

SECONDS, RATE_HZ = 30, 24_000
STATE = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState"
DRAWN = f"{STATE} === 'notRunning' && document.querySelector('[data-testid=stMain] hr') !== null"  # the footer's line is the last
HOME, CLIP = "", "clip?checkpoint={}&clip=Upload+or+record"
PATIENCE_MS = 180_000


def main() -> None:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkpoint", default="D0-small")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--heads", type=int, default=5, help="how many other heads are chosen in each repetition")
    parser.add_argument("--choosing", type=float, default=2.0, help="seconds from the page to the upload")
    options = parser.parse_args()
    chromium = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    taken: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for _ in range(options.repeats):
            with served(taken) as (address, folder), opened(browser) as page:
                visit(page, f"{address}/{HOME}", taken, "first page of a cold server: Checkpoints")
            with served(taken) as (address, folder), opened(browser) as page:
                visit(page, f"{address}/{CLIP.format(options.checkpoint)}", taken, "first page of a cold server: Clip")
                page.wait_for_timeout(1000 * options.choosing)
                upload(page, folder, taken)
                heads(page, options.heads, taken)
        browser.close()
    for what, seconds in taken.items():
        print(f"{what:52} {median(seconds):6.2f} s   ({min(seconds):.2f} to {max(seconds):.2f}, n = {len(seconds)})")
    print("load {:.1f}, {:.1f}, {:.1f}".format(*os.getloadavg()), f"over the last 1, 5, 15 minutes on {os.cpu_count()} cores")


@contextlib.contextmanager
def served(taken: dict[str, list[float]]) -> Iterator[tuple[str, Path]]:
    """A server that has just begun to take connections: its address, and a folder for files."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        began = time.perf_counter()
        server = start(port, Path(folder))
        keep(taken, "server, until it takes connections", began)
        try:
            yield f"http://127.0.0.1:{port}", Path(folder)
        finally:
            server.terminate()
            server.wait(timeout=20)


@contextlib.contextmanager
def opened(browser: Any) -> Iterator[Any]:
    """A page of a browser that has kept nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def visit(page: Any, address: str, taken: dict[str, list[float]], what: str) -> None:
    """Open a page until all of it is drawn."""
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function("document.querySelector('h1') !== null")
    keep(taken, f"{what}, title", began)
    page.wait_for_function(DRAWN)
    keep(taken, what, began)


def upload(page: Any, folder: Path, taken: dict[str, list[float]]) -> None:
    """Upload a recording; until its first picture is there, the attention map, and everything."""
    path = folder / "clip.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).normal(size=SECONDS * RATE_HZ), RATE_HZ)
    began = time.perf_counter()
    page.locator("input[type=file]").first.set_input_files(str(path))
    for what, condition in (
        ("first picture", FIRST),
        ("attention map", PATTERN),
        ("every lane and the answer", f"{PATTERN} && {DRAWN}"),
    ):
        page.wait_for_function(condition)
        keep(taken, f"upload of {SECONDS} s: {what}", began)
    page.wait_for_timeout(1500)


def heads(page: Any, count: int, taken: dict[str, list[float]]) -> None:
    """Choose one head after the other; until the pattern is another one, and until everything has been drawn."""
    for number in range(1, count + 1):
        page.evaluate(f"window.before = {WHERE}")
        choice = page.get_by_role("radiogroup", name="Head").get_by_role("radio", name=str(number), exact=True)
        began = time.perf_counter()
        choice.click()
        page.wait_for_function(f"window.before !== {WHERE} && {PATTERN}")
        keep(taken, "another head: its pattern", began)
        page.wait_for_function(DRAWN)
        keep(taken, "another head: everything", began)
        page.wait_for_timeout(1000)


def keep(taken: dict[str, list[float]], what: str, began: float) -> None:
    """Note the seconds since `began`."""
    taken.setdefault(what, []).append(time.perf_counter() - began)


if __name__ == "__main__":
    main()
