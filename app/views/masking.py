"""What can the model say of what it is not shown?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import access
from app.components.clip import one_family
from app.kit import layout

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint
    from app.components.clip.recordings import Clip


def page() -> None:
    """Patches of a window are masked, and a predictor says what is there."""
    access.require_access()
    with layout.page("What can the model say of what it is not shown?"):
        _content()


def _content() -> None:
    from analysis.clips.masking import has_predictor  # slow to import

    one_family.show(lambda checkpoint: has_predictor(checkpoint.outline()), _lacking, "PupuJEPA", _draw)


def _lacking(family: str) -> str:
    return f"is of the family {family}, which predicts nothing of what is masked."


def _draw(checkpoint: Checkpoint, clip: Clip, _chosen: str) -> None:
    from app.components import masking

    masking.draw(checkpoint, clip)


if __name__ == "__main__":  # not in the processes that render clips
    page()
