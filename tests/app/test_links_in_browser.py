"""Links that name what is not here say so on the page. Runs in a real Chromium where there is one."""

from typing import Any

import pytest

NEVER = "banana"
LINKS = [
    "retrieval?checkpoints=banana",
    "probes?corpus=banana",
    "probes?task=banana",
    "similarity?measure=banana",
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
    for link in LINKS:
        page.goto(f"{address}/{link}")
        said = page.get_by_text(f'The link names "{NEVER}", which is not here')
        said.wait_for()
        assert said.count() == 1
