"""How long the clip page takes in a real browser: milliseconds from an action to the figure that answers it.

    python benchmarks/clip_page.py [--checkpoint D0-small] [--repeats 3]

Starts its own server with an empty cache, uploads a 30 s recording, moves layer, head and window, and picks a demo clip that has
to be rendered first. Needs playwright and a Chromium. Other work on the machine lengthens every number: the load stands beside.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import soundfile

ROOTS = "[document, ...Array.from(document.querySelectorAll('*')).map(e => e.shadowRoot).filter(Boolean)]"
NAMES = f"({ROOTS}.flatMap(root => Array.from(root.querySelectorAll('.desk .lane .name'))).map(name => name.textContent))"
WHERE = f"({ROOTS}.map(root => root.querySelector('.desk .where')).find(Boolean)?.textContent ?? '')"
FIRST = f"{NAMES}.length > 0"
PATTERN = f"{NAMES}.some(name => name.startsWith('Attention:'))"
DRAWN = "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main() -> None:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkpoint", default="D0-small")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    chromium = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        server = start(port, Path(folder))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
                measure(browser.new_page(viewport={"width": 1280, "height": 1000}), port, options, Path(folder))
                browser.close()
        finally:
            server.terminate()
            server.wait(timeout=20)


def start(port: int, folder: Path) -> "subprocess.Popen[bytes]":
    """A server on that port, once it accepts connections."""
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", f"--server.port={port}", "--server.headless=true"]
    environment = {**os.environ, "OTOSCOPE_CACHE": str(folder / "cache")}
    root = Path(__file__).resolve().parents[1]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=root, env=environment, **quiet)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.2)
    return server


def measure(page: Any, port: int, options: argparse.Namespace, folder: Path) -> None:
    """Every action once, redraws as often as asked."""
    page.set_default_timeout(180_000)

    def say(what: str, action: Callable[[], object], condition: str, times: int = 1, settle_ms: int = 1200) -> None:
        taken = []
        for _ in range(times):
            began = time.perf_counter()
            action()
            page.wait_for_function(condition)
            taken.append(1000 * (time.perf_counter() - began))
            page.wait_for_timeout(settle_ms)
        print(f"{what:58} {median(taken):8.0f} ms   (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)", flush=True)

    def press(group: str, options_: list[str]) -> Callable[[], object]:
        def click() -> None:
            page.evaluate(f"window.before = {WHERE}")
            options_.append(options_.pop(0))
            page.get_by_role("radiogroup", name=group).get_by_role("radio", name=options_[0], exact=True).click()

        return click

    changed = f"window.before !== {WHERE} && {PATTERN}"
    address = f"http://127.0.0.1:{port}/clip?checkpoint={options.checkpoint}&clip=Upload+or+record"
    ready = "document.querySelectorAll('input[type=file]').length > 0"
    say("app start: first page of a cold server", lambda: page.goto(address), ready)
    wav = folder / "clip.wav"
    soundfile.write(wav, 0.1 * np.random.default_rng(0).normal(size=30 * 24_000), 24_000)
    field = page.locator("input[type=file]").first
    say("upload of 30 s to the first picture", lambda: field.set_input_files(str(wav)), FIRST, settle_ms=0)
    say("... from there to the attention map, cold", lambda: None, PATTERN, settle_ms=0)
    say("... from there to the answer and every lane", lambda: None, f"{DRAWN} && document.querySelector('h3') !== null")
    say("another head, to the new pattern", press("Head", ["mean", "1", "2", "3", "4", "5"]), changed, options.repeats)
    say("another layer, to the new pattern", press("Layer", ["1", "2", "3", "4"]), changed, options.repeats)


if __name__ == "__main__":
    main()
