"""Take the pictures of the README: `python docs/make_screenshots.py [--dark] [--width 1280]`; needs Chromium, playwright."""

import argparse
import io
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "checkpoints": "/",
    "clip": "/clip?checkpoint=D0-small&layer=2&head=3",
    **{
        name: f"/{name}"
        for name in ("summary", "retrieval", "stems", "similarity", "probes", "replication", "screening", "embedding", "ablation")
    },
    **{name: f"/{name}" for name in ("bands", "controls", "transposition", "invariance", "battery")},
}
HEIGHT = 1700
QUIET_S = 4.0
RUNNING = ("stStatusWidget", "stSpinner", "stSkeleton", "stProgress")


@contextmanager
def dashboard() -> Iterator[str]:
    """The address of a running dashboard."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", f"--server.port={port}", "--server.headless=true"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def settle(page: Page, limit_s: float = 180.0) -> None:
    """Wait until nothing has changed for a while and nothing says that it is running."""
    seen, since, end = "", time.monotonic(), time.monotonic() + limit_s
    while time.monotonic() < end and time.monotonic() - since < QUIET_S:
        page.wait_for_timeout(500)
        running = page.locator(", ".join(f"[data-testid='{name}']" for name in RUNNING)).count()
        now = f"{running}{page.locator('.js-plotly-plot').count()}{len(page.inner_text('body'))}"
        if now != seen or running:
            seen, since = now, time.monotonic()


def main() -> None:
    """One picture per page, as a PNG with a palette."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with dashboard() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        size = {"width": options.width, "height": HEIGHT}
        context = browser.new_context(viewport=size, color_scheme="dark" if options.dark else "light")  # pyright: ignore
        for name, path in PAGES.items():
            page = context.new_page()
            page.goto(address + path)
            page.wait_for_selector("h1", timeout=120_000)
            settle(page)
            picture = Image.open(io.BytesIO(page.screenshot()))
            options.out.mkdir(parents=True, exist_ok=True)
            picture = picture.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            picture.save(options.out / f"{name}.png", optimize=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
