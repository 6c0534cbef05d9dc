"""Links that name what is not here say so on the page. Runs in a real Chromium where there is one."""

from typing import Any

import pytest

from tests.app.serving import IDLE, go_to

LINKS = [
    "retrieval?checkpoints=",
    "probes?corpus=",
    "probes?task=",
    "similarity?measure=",
    "similarity?side=",
    "embedding?method=",
    "bands?job=",
    "checkpoints?checkpoint=",
    "clip?clip=Upload+or+record&checkpoint=",
    "battery?job=",
    "summary?corpus=",
]
pytestmark = pytest.mark.browser


def test_every_link_to_what_is_not_here_says_so(page: Any, address: str) -> None:
    page.goto(f"{address}/{LINKS[0]}banana0")
    for number, link in enumerate(LINKS):
        go_to(page, f"{link}banana{number}")
        page.get_by_text(f'The link names "banana{number}", which is not here').wait_for()
        page.wait_for_function(IDLE)
        assert page.get_by_text("The link names").count() == 1
