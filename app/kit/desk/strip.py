"""The strip alone: a short recording and what was made of it, switched while they play; nothing of it comes back to Python."""

from functools import cache
from typing import TYPE_CHECKING

from streamlit.components import v2

from app.kit.desk import bundle
from app.kit.desk.show import WAV, media_address
from app.kit.desk.sounds import Sounds

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def show_strip(key: str, sounds: Sounds, title: str) -> None:
    """Draw a strip with a player of its own.

    Args:
        key: of the component, always the same for the same place of a page.
        sounds: what is heard.
        title: names the recording for those who do not see the page.
    """
    _component()(key=key, data={"audio": media_address(sounds.wav, WAV, key), "sounds": sounds.names(), "title": title})


@cache
def _component() -> "ComponentRenderer":
    return v2.component("otoscope_strip", js=bundle.program(bundle.STRIP), css=bundle.style())
