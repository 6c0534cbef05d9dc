"""A person starts a job, reloads, and opens the address elsewhere: it is the same job. Runs in a real Chromium."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

from analysis.datasets.piece import split_by_group
from tests.app.serving import visitor
from tests.tiny import build_narrow

EVIL = "**x** <script>alert(1)<script> [a](x) :smile:"  # a folder may be called that
LONG_S, SHORT_S = 64, 6
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten works; only those that are tested are long enough to take a while."""
    import pretty_midi

    rng, folder = np.random.default_rng(7), tmp_path_factory.mktemp("own") / "tiny"
    folder.mkdir()
    names = [f"work{number}" for number in range(10)]
    for name, split in split_by_group(names, 0).items():
        seconds = LONG_S if split == "test" else SHORT_S
        midi, piano = pretty_midi.PrettyMIDI(), pretty_midi.Instrument(0)
        for onset, pitch in enumerate(rng.integers(40, 80, 2 * seconds)):
            piano.notes.append(pretty_midi.Note(80, int(pitch), 0.5 * onset, 0.5 * onset + 0.4))
        midi.instruments.append(piano)
        midi.write(str(folder / f"{name}.mid"))
        soundfile.write(folder / f"{name}.wav", 0.1 * rng.standard_normal(seconds * 24_000), 24_000)
    return folder


@pytest.fixture(scope="module")
def server(serve: Callable[..., tuple[str, int]], corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """A server with that corpus and two untrained checkpoints: a narrow one that is soon examined, a wider one that is not."""
    from analysis.models.checkpoint import save_checkpoint
    from analysis.models.dual_encoder import build_arm

    roots = tmp_path_factory.mktemp("checkpoints")
    for name, model in ((EVIL, build_narrow("a4r", 0)), ("other", build_arm("a4r", "small", 1))):
        kept: dict[str, Any] = {"training": {"seed": 5}, "evaluation": {}, "history": [], "card": ""}
        save_checkpoint(roots / name, model, arm="a4r", scale="small", **kept)
    return serve({
        "OTOSCOPE_CACHE": str(tmp_path_factory.mktemp("cache")), "OTOSCOPE_CHECKPOINTS": str(roots),
        "OTOSCOPE_CORPORA": str(corpus), "OMP_NUM_THREADS": "1",
    })  # fmt: skip


@pytest.fixture
def address(server: tuple[str, int]) -> str:
    return server[0]


@pytest.fixture
def visits() -> Iterator[ExitStack]:
    """The windows of a test."""
    with ExitStack() as found:
        yield found


@contextmanager
def opened(browser: Any, url: str) -> Iterator[tuple[Any, list[str]]]:
    """A page of a browser of its own, and what it asks of other machines."""
    elsewhere: list[str] = []
    ours = (url.split("/retrieval")[0], url.split("/retrieval")[0].replace("http", "ws"), "data:", "blob:")
    with visitor(browser) as page:
        page.on("request", lambda request: None if request.url.startswith(ours) else elsewhere.append(request.url))
        page.on("dialog", lambda dialog: pytest.fail(f"a name was run as a script: {dialog.message}"))
        page.goto(url, wait_until="commit")
        yield page, elsewhere


def retrieval(address: str, corpus: Path, *names: str) -> str:
    chosen = "&".join(f"checkpoints={quote(name)}" for name in names)
    return f"{address}/retrieval?{chosen}&corpus={quote(str(corpus))}"


def job_of(page: Any) -> str:
    page.wait_for_url(re.compile("[?&]job="), wait_until="commit")
    found = re.search(r"[?&]job=([a-z0-9]+)", page.url)
    assert found is not None
    return found[1]


def main_cancel(page: Any) -> Any:
    return page.get_by_test_id("stMain").get_by_role("button", name="Cancel")


def worker_of(server: int) -> int:
    """The process that computes for a server."""
    for _ in range(600):
        listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
        for pid, parent, command in (line.split(maxsplit=2) for line in listed.splitlines() if len(line.split()) > 2):
            if int(parent) == server and "analysis.jobs.worker" in command:
                return int(pid)
        time.sleep(0.1)
    raise AssertionError("no worker was started")


def written(process: int) -> str:
    """How much a process has written so far; nothing where the system does not tell."""
    try:
        return next(line for line in Path(f"/proc/{process}/io").read_text().splitlines() if line.startswith("wchar"))
    except (OSError, StopIteration):
        return ""


def let_speak(worker: int, before: str) -> None:
    """Wait until a worker that had written so much has said that it is alive, however slow it is; a moment if that is unknown."""
    for _ in range(600 if before else 5):
        if written(worker) != before:
            return
        time.sleep(0.1)


@contextmanager
def held(worker: int) -> Iterator[None]:
    """A worker that gets nowhere, yet says now and then that it is alive: one that is silent would be ended."""
    over = threading.Event()

    def hold() -> None:
        while True:
            os.kill(worker, signal.SIGSTOP)
            stop = over.wait(15)
            spoken = written(worker)
            os.kill(worker, signal.SIGCONT)
            if stop:
                return
            let_speak(worker, spoken)

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        yield
    finally:
        over.set()
        holding.join()


def test_a_job_survives_a_reload_and_is_found_from_elsewhere(
    server: tuple[str, int], address: str, corpus: Path, browser: Any, visits: ExitStack
) -> None:
    page, elsewhere = visits.enter_context(opened(browser, retrieval(address, corpus, EVIL)))
    page.get_by_role("button", name="Compute").click()
    with held(worker_of(server[1])):  # so that the job lasts as long as this test looks at it
        job = job_of(page)
        main_cancel(page).wait_for()
        page.reload(wait_until="commit")
        main_cancel(page).wait_for()
        assert job_of(page) == job
        other, elsewhere_too = visits.enter_context(opened(browser, f"{address}/retrieval?job={job}"))
        main_cancel(other).wait_for()
        assert job_of(other) == job
        running = other.get_by_test_id("stSidebar").get_by_text("Retrieval, running")
        running.first.wait_for()
        assert running.count() == 1  # one job, not two
    for one in (page, other):
        one.get_by_text("Hear the misses").wait_for()
        one.get_by_test_id("stSidebar").get_by_text("Retrieval, done").wait_for()
        main_cancel(one).wait_for(state="detached")
        assert one.get_by_text("Traceback").count() == 0
        visible = EVIL.removesuffix(" :smile:")  # a mark without width stands within the last word, so that it stays one
        assert one.get_by_test_id("stMain").get_by_text(visible, exact=False).count() >= 2
        assert one.get_by_text("\N{SMILING FACE WITH OPEN MOUTH AND SMILING EYES}").count() == 0
        obeyed = "Array.from(document.querySelectorAll('strong, a, em')).map(e => e.textContent)"
        assert not [text for text in one.evaluate(obeyed) if text in ("x", "a")]
    page.reload(wait_until="commit")
    page.get_by_text("Hear the misses").wait_for()
    assert elsewhere == elsewhere_too == []


def test_cancel_ends_the_job_and_the_page_says_so(address: str, corpus: Path, browser: Any, visits: ExitStack) -> None:
    page, _ = visits.enter_context(opened(browser, retrieval(address, corpus, "other")))
    page.get_by_role("button", name="Compute").click()
    first = job_of(page)
    drawer = page.get_by_test_id("stSidebar")
    drawer.get_by_role("button", name="Cancel").click()
    drawer.get_by_text("Retrieval, cancelled").wait_for()
    page.get_by_text("The computation was cancelled").wait_for()
    page.get_by_role("button", name="Compute").click()
    page.wait_for_function("job => !location.search.includes(job)", arg=first)
    main_cancel(page).click()
    page.get_by_text("The computation was cancelled").wait_for()


def test_a_folder_that_is_not_configured_is_not_read(address: str, browser: Any, visits: ExitStack) -> None:
    page, _ = visits.enter_context(opened(browser, f"{address}/retrieval?checkpoints=other&corpus={quote(os.sep)}"))
    page.get_by_text("which is not here; showing the corpus full").wait_for()
