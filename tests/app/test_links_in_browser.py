"""Links that name what is not here say so on the page. Runs in a real Chromium where there is one."""

from typing import Any

import pytest

from tests.app.serving import go_to

NEVER = "banana"
LINKS = [  # no two of one page follow one another, so that what is said is of the page that was asked for
    "retrieval?checkpoints=banana",
    "probes?corpus=banana",
    "similarity?measure=banana",
    "probes?task=banana",
    "similarity?side=banana",
    "embedding?method=banana",
    "bands?job=banana",
    "checkpoints?checkpoint=banana",
    "clip?clip=Upload+or+record&checkpoint=banana",
    "battery?job=banana",
    "summary?corpus=banana",
]
pytestmark = pytest.mark.browser


def test_every_link_to_what_is_not_here_says_so(page: Any, address: str) -> None:
    """The first is opened; to the others the window comes as to an address that one goes back to, and loads nothing anew."""
    page.goto(f"{address}/{LINKS[0]}")
    for link in LINKS:
        go_to(page, link)
        said = page.get_by_text(f'The link names "{NEVER}", which is not here')
        said.wait_for()
        assert said.count() == 1
