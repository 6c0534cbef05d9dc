"""Pickers of a checkpoint, of a clip and of numbers; what is wrong is said where it was chosen."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import streamlit as st

from analysis import paths
from analysis.errors import OtoscopeError
from analysis.files import home_expanded, is_folder, is_text
from analysis.studies.shipped import SHIPPED
from app import caching, state
from app.kit import layout

if TYPE_CHECKING:
    from analysis.datasets.corpus import DemoClip
    from analysis.models.checkpoint import BrokenCheckpoint, Checkpoint

SAMPLE_RATE = 24_000
MOST_BUTTONS = 13
CORPORA_VARIABLE = "OTOSCOPE_CORPORA"
CHECKPOINTS_WIDGET, CORPUS_WIDGET = "pick_checkpoints", "pick_corpus"


def usable() -> tuple[list[Checkpoint], list[BrokenCheckpoint]]:
    """Checkpoints that open, and those that do not."""
    try:
        listed = caching.checkpoints()
    except OtoscopeError as error:
        layout.error(str(error))
        return [], []
    except ModuleNotFoundError:
        return [], []
    return list(filter(_opens, listed)), list(filter(_is_broken, listed))


def _opens(checkpoint: Checkpoint | BrokenCheckpoint) -> TypeGuard[Checkpoint]:
    return not hasattr(checkpoint, "reason")


def _is_broken(checkpoint: Checkpoint | BrokenCheckpoint) -> TypeGuard[BrokenCheckpoint]:
    return hasattr(checkpoint, "reason")


def by_name(checkpoints: Sequence[Checkpoint]) -> dict[str, Checkpoint]:
    """Checkpoints by their names; of several with one name the first."""
    named: dict[str, Checkpoint] = {}
    for checkpoint in checkpoints:
        named.setdefault(str(checkpoint.name), checkpoint)
    return named


def pick_checkpoint(serves: Callable[[Checkpoint], bool] = lambda _: True) -> Checkpoint | None:
    """The chosen checkpoint; None where there is none.

    Args:
        serves: whether the page can show a checkpoint; where nobody has chosen, the first of these is.
    """
    good, _ = usable()
    if not good:
        return None
    named, chosen = by_name(good), state.get_text("checkpoint")
    first = next((name for name in named if serves(named[name])), None) if chosen not in named else None
    return named[pick_choice("checkpoint", "Checkpoint", list(named), first or next(iter(named)))]


def pick_checkpoints(
    good: Sequence[Checkpoint], usual: Sequence[str] = SHIPPED, widget: str = CHECKPOINTS_WIDGET
) -> list[Checkpoint]:
    """The chosen checkpoints, in the order of their choice; where the address names none, the shipped ones, else the first.

    Args:
        good: what may be chosen.
        usual: shipped ones that this page shows as long as nobody has chosen otherwise.
        widget: key of the widget.
    """
    named = by_name(good)
    wanted = [name for name in state.get_list("checkpoints") if name in named]
    home = paths.repository() / "checkpoints"
    arms, own = ([n for n in ones if n in named and Path(named[n].path).parent == home] for ones in (SHIPPED, usual))
    nobody_chose = not wanted or wanted == arms
    default = own or arms if nobody_chose and (own or arms) else wanted or list(named)[:1]
    state.start(widget, default, list(named))
    chosen = st.multiselect("Checkpoints", list(named), key=widget, placeholder="Choose one or more")
    if not (own != arms and nobody_chose and chosen == default):  # what this page shows by itself does not follow to the others
        state.put_list("checkpoints", chosen)
    return [named[name] for name in chosen]


def corpora() -> dict[str, str]:
    """Corpora that may be chosen and what they are called: the demo corpora, and the folders in `$OTOSCOPE_CORPORA`."""
    folders = [home_expanded(part).absolute() for part in os.environ.get(CORPORA_VARIABLE, "").split(os.pathsep) if part]
    demo = {"full": "full demo corpus", "small": "small demo corpus"}
    return demo | {str(folder): folder.name for folder in folders if is_folder(folder) and is_text(folder)}


def without_kind(corpus: str, kind: str) -> str:
    """A demo corpus as it is chosen, where its name says of which kind it is.

    >>> without_kind("small-hands", "hands"), without_kind("small-clean", "hands"), without_kind("small", "")
    ('small', 'small-clean', 'small')
    """
    return corpus.removesuffix(f"-{kind}") if kind else corpus


def pick_corpus(kind: str = "", opening: Callable[[], str] | None = None) -> str:
    """The chosen corpus; what the address names counts only where it is among those that may be chosen.

    Args:
        kind: of the demo corpora that is read where one of them is chosen, such as "hands"; it may stand in the address.
        opening: gives the corpus with which the page opens where the address names none; by default the first.
    """
    known, named = corpora(), state.get_text("corpus") or ""
    wanted = without_kind(named, kind)
    if wanted in known and wanted != named:  # the same corpus, in other words
        state.understand("corpus", named)
    if wanted not in known:
        wanted = next(iter(known)) if opening is None else opening()
    state.start(CORPUS_WIDGET, wanted, list(known))
    chosen = st.selectbox("Corpus", list(known), format_func=known.__getitem__, key=CORPUS_WIDGET)
    state.put("corpus", chosen)
    return chosen


def pick_word(name: state.Name, label: str, options: Sequence[str]) -> str:
    """One of a few words as buttons."""
    wanted, widget = state.get_text(name), f"pick_{name}"
    state.start(widget, wanted if wanted in options else options[0], options)
    chosen = st.segmented_control(label, options, required=True, key=widget)
    state.put(name, str(chosen))
    return str(chosen)


def pick_choice(name: state.Name, label: str, options: Sequence[str], default: str, words: Callable[[str], str] = str) -> str:
    """One of several words from a list, as `words` says them; the default where the address names none of them."""
    wanted = state.get_text(name)
    start = wanted if wanted in options else default if default in options else options[0]
    widget = f"pick_{name}"
    state.start(widget, start, options)
    chosen = str(st.selectbox(label, options, format_func=words, key=widget))
    state.put(name, chosen)
    return chosen


def demo_clips() -> dict[str, DemoClip]:
    """The demo clips by title, not rendered yet; empty, with the reason said, where they cannot be had."""
    try:
        return {str(clip.title): clip for clip in caching.demo_clips()}
    except OtoscopeError as error:
        layout.error(str(error))
    return {}


def pick_number(name: state.Name, label: str, low: int, high: int) -> int:
    """A whole number in [low, high]; a lone choice is not asked for."""
    chosen, widget = low, f"pick_{name}"
    if high > low:
        state.start(widget, state.get_int(name, low, high, low), range(low, high + 1))
        chosen = int(st.slider(label, low, high, key=widget))
    state.put(name, chosen)
    return chosen


def pick_one(name: state.Name, label: str, options: Sequence[int], default: int, words: Callable[[int], str]) -> int:
    """One of a few numbers as buttons, of many as a slider; a lone choice is not asked for."""
    widget, chosen = f"pick_{name}", options[0]
    if len(options) > 1:
        state.start(widget, state.get_int(name, min(options), max(options), default), options)
        if len(options) > MOST_BUTTONS:
            chosen = st.select_slider(label, options, format_func=words, key=widget)
        elif (pressed := st.segmented_control(label, options, format_func=words, required=True, key=widget)) is not None:
            chosen = pressed
    state.put(name, int(chosen))
    return int(chosen)


def pick_span(name: str, label: str, low_s: float, high_s: float, step_s: float = 0.05) -> tuple[float, float]:
    """A part of [low, high] in seconds, at least one step long."""
    first, last = st.slider(label, low_s, high_s, (low_s, high_s), step=step_s, format="%.2f s", key=f"pick_{name}")
    return (first, last) if last > first else (max(low_s, first - step_s), min(high_s, last + step_s))
