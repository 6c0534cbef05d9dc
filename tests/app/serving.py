"""The app in a server, and a browser that visits it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from analysis import paths
from analysis.studies.base.registry import find_study, study_names
from tests.shared import common, shared_folder

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-gpu-rasterization", "--force-prefers-reduced-motion",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
# One after the other is looked for; the first draws no window at all, which costs less than a window that nobody sees.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Nothing fades, turns or pulses: to draw what moves costs more than all that the pages do.
UNMOVING = """
const sheet = new CSSStyleSheet();
sheet.replaceSync('*, *::before, *::after { animation: none !important; transition: none !important }');
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
"""
APP = "app/main.py"
# A page that is no part of the app would look through all that was ever imported after each of its runs; the app does not.
OF_TESTS = {"STREAMLIT_RUNNER_POST_SCRIPT_GC": "false"}
SIZE: dict[str, Any] = {"width": 1280, "height": 1000}
IDLE = "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
PATIENCE_MS = 240_000
QUESTIONS = {name: find_study(name).question for name in study_names()} | {
    "": "Which checkpoint finds the match best?", "checkpoints": "Which checkpoint finds the match best?",
    "clip": "What does the model attend to in this clip?",
    "masking": "What can the model say of what it is not shown?",
    "phasors": "How do features turn as the sound is moved?",
    "battery": "What does the whole examination say?",
    "summary": "What do these checkpoints do, at a glance?", "screening": "Which descriptor, entered how, helps most?",
}  # fmt: skip
COME_TO = """
path => {
    if (location.pathname + location.search === path) return
    history.pushState(null, '', path)
    dispatchEvent(new PopStateEvent('popstate'))
}
"""


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: install it to run the browser tests")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """A browser for all tests of a process, each of which opens pages of its own in it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS, timeout=PATIENCE_MS)
        yield found
        found.close()


@contextmanager
def profile(browser: Any, script: str = "", **options: Any) -> Iterator[Any]:
    """A place for windows that keep their files in common, in which such a script runs before those of any page."""
    context = browser.new_context(**{"viewport": SIZE, **options})
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(f"{{{UNMOVING}}}{script}")
    try:
        yield context
    finally:
        context.close()


@contextmanager
def visitor(browser: Any, script: str = "", **options: Any) -> Iterator[Any]:
    """A window of someone who was never here before, in a place of its own."""
    with profile(browser, script, **options) as context:
        yield context.new_page()


@pytest.fixture(scope="session")
def own_profile(browser: Any) -> Iterator[Any]:
    """Where all windows of a process are that are nothing out of the ordinary: what they load is loaded and compiled once."""
    with profile(browser) as context:
        yield context


@pytest.fixture
def page(own_profile: Any) -> Iterator[Any]:
    """A window of a visitor who was never here before: of those before it nothing is left but the files of the app."""
    shown = own_profile.new_page()
    yield shown
    origin = shown.evaluate("origin")
    shown.goto("about:blank")
    own_profile.clear_cookies()
    own_profile.new_cdp_session(shown).send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    shown.close()


def come_to(page: Any, link: str) -> None:
    """Let a window that shows a page come to another as if one went back to its address: nothing is loaded anew."""
    page.wait_for_function(IDLE)
    page.evaluate(COME_TO, f"/{link}")


def go_to(page: Any, link: str) -> None:
    """Let a window that shows a page of the app come to another, until its question stands there."""
    come_to(page, link)
    page.get_by_role("heading", name=QUESTIONS[link.split("?")[0]]).wait_for()


@contextmanager
def servers() -> Iterator[Callable[..., tuple[str, int]]]:
    """Start the app, or another script, with more environment; its address and its process id."""
    started: list[subprocess.Popen[Any]] = []

    def begin(environment: dict[str, str], script: str) -> tuple[str, int] | None:
        """None where the server ended at once, perhaps because another took the port meanwhile."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}", "--server.headless=true"]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(command, cwd=paths.repository(), env=os.environ | environment, **quiet)
        started.append(server)
        deadline = time.monotonic() + 240
        while server.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.2)
            else:
                return f"http://127.0.0.1:{port}", server.pid
        return None

    def start(environment: dict[str, str], script: str = APP) -> tuple[str, int]:
        if script != APP:
            environment = OF_TESTS | environment
        return begin(environment, script) or begin(environment, script) or pytest.fail("The server does not start.")

    try:
        yield start
    finally:
        for server in started:
            server.terminate()
            server.wait(timeout=120)


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., tuple[str, int]]]:
    """Start a server of one's own, which ends with the module."""
    with servers() as start:
        yield start


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the app as it is shipped is served, to all tests that leave nothing behind there but what anyone may find."""
    cache = str(tmp_path_factory.mktemp("cache"))
    with (
        servers() as start,
        common(shared_folder(tmp_path_factory), "address", lambda: start({"OTOSCOPE_CACHE": cache})[0]) as at,
    ):
        yield at


@pytest.fixture(scope="session")
def desk_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page with nothing but the desk is served, to all tests of it."""
    folder = shared_folder(tmp_path_factory)
    with servers() as start, common(folder, "address of the desk", lambda: start({}, "tests/app/desk_page.py")[0]) as at:
        yield at
