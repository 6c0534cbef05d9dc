"""How do features turn as the sound is moved?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import access
from app.components.clip import one_family
from app.kit import layout

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint
    from app.components.clip.recordings import Clip


def page() -> None:
    """A window is moved in time, and features that are complex numbers turn."""
    access.require_access()
    with layout.page("How do features turn as the sound is moved?"):
        _content()


def _content() -> None:
    from analysis.clips.phasor_words import no_phase  # slow to import
    from analysis.clips.phasors import has_phasors

    one_family.show(lambda checkpoint: has_phasors(checkpoint.outline()), no_phase, "PHALAR", _draw)


def _draw(checkpoint: Checkpoint, clip: Clip, chosen: str) -> None:
    from app.components import phasors

    phasors.draw(checkpoint, clip, chosen)


if __name__ == "__main__":  # not in the processes that render clips
    page()
