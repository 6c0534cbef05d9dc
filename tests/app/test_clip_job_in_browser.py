"""A person uploads six minutes, has them read by a job, reloads, and finds the recording and its pictures. In a real Chromium."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(serve: Callable[..., tuple[str, int]], tmp_path_factory: pytest.TempPathFactory) -> str:
    return serve({"OTOSCOPE_CACHE": str(tmp_path_factory.mktemp("cache")), "OMP_NUM_THREADS": "1"})[0]


@pytest.fixture
def six_minutes(tmp_path: Path) -> Path:
    path = tmp_path / "six minutes.flac"
    soundfile.write(path, 0.1 * np.random.default_rng(3).standard_normal(359 * 8_000), 8_000)
    return path


def test_six_minutes_are_read_by_a_job_that_survives_a_reload(page: Any, address: str, six_minutes: Path) -> None:
    page.goto(f"{address}/clip?clip=Upload+or+record&checkpoint=D0-small")
    page.locator("input[type=file]").first.set_input_files(str(six_minutes))
    page.get_by_role("button", name="Read the recording").click()
    page.wait_for_url(re.compile("[?&]job="), wait_until="commit")
    page.get_by_test_id("stSidebar").get_by_text("D0-small on six minutes.flac").wait_for()
    page.reload(wait_until="commit")
    page.get_by_text("six minutes.flac").first.wait_for()
    page.get_by_text(re.compile(r"Layer \d, head \d spreads each query over .* in 90 windows")).wait_for()
    _assert_whole(page)


def _assert_whole(page: Any) -> None:
    page.locator(".desk .lane", has_text="Attention received").wait_for()
    page.get_by_test_id("stSidebar").get_by_text("Clip, done").wait_for()
    page.get_by_test_id("stMain").get_by_role("button", name="Cancel").wait_for(state="detached")
    assert page.get_by_text("Traceback").count() == 0
