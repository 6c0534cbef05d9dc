"""The newest click among figures, each of which keeps its selection while other things are chosen."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app import state

Key = tuple[Any, ...]  # `customdata` of a mark as the browser sends it back: its page says what stands in it


class Click(NamedTuple):
    """What was clicked last.

    Attributes:
        figure: the figure.
        key: `customdata` of the mark.
        is_new: whether it was clicked since the run before this one.
    """

    figure: str
    key: Key
    is_new: bool


def newest(page: str, selected: Mapping[str, Sequence[Key]]) -> Click | None:
    """The last click that is still selected; None where nothing is. To be asked once a run and page.

    Args:
        page: whose figures they are.
        selected: figure → what is selected in it now.
    """
    now = [(figure, tuple(keys[-1])) for figure, keys in selected.items() if keys and keys[-1]]
    seen = dict(state.recall("clicked") or {})
    before = [click for click in seen.get(page, ()) if click in now]
    fresh = [click for click in now if click not in before]
    state.keep("clicked", seen | {page: [*before, *fresh]})
    if not now:
        return None
    figure, key = [*before, *fresh][-1]
    return Click(figure, key, bool(fresh))
