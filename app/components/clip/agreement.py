"""Notes that came with a recording: whether they are its own, and whether a model hears that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.clips.companions import COLUMNS
from analysis.store import Store
from app import caching

if TYPE_CHECKING:
    from analysis.clips.lanes import Lane
    from analysis.clips.own_notes import OwnNotes
    from analysis.datasets.midi import Notes
    from analysis.measures.note_fit import NoteFit
    from app.components.clip.reading import Question, Readings
    from app.components.clip.recordings import Clip


def warnings(clip: Clip) -> list[str]:
    """A sentence where notes that somebody added do not fit the recording."""
    from analysis.clips.note_agreement import warning

    if (fit := _fit(clip)) is None or not (sentence := warning(fit)):
        return []
    return [sentence]


def lanes(clip: Clip, question: Question | None, readings: Readings | None) -> list[Lane]:
    """How notes agree with the sound, and how well a model finds the notes of its windows; none without notes."""
    from analysis.clips.note_agreement import fit_lane
    from analysis.clips.own_notes import own_notes_lane

    if (fit := _fit(clip)) is None or clip.companions.notes is None:
        return []
    drawn: list[Lane] = [fit_lane(fit)]
    if question is not None and readings is not None:
        trained = _own_notes(question, clip.companions.notes, twin=False)
        twin = None if readings.twin is None else _own_notes(question, clip.companions.notes, twin=True)
        if trained is not None:
            drawn.append(own_notes_lane(trained, twin))
    return drawn


def _fit(clip: Clip) -> NoteFit | None:
    from analysis.clips.note_agreement import fit_of

    if (notes := clip.companions.notes) is None:
        return None
    wave = clip.waveform
    return caching.once(("note fit", clip.key, _key(notes)), lambda: fit_of(wave, notes, caching.log_mel(wave)[1]))


def _own_notes(question: Question, notes: Notes, *, twin: bool) -> OwnNotes | None:
    """Of as many windows as a page may read; None where that is none, or the model reads no notes."""
    from analysis.clips.own_notes import FEWEST, MOST, own_notes, pair_with_notes
    from analysis.jobs.kinds.clip_memory import is_small

    size = replace(question.size, overlap="none")
    most = min(MOST, size.most_windows)
    if pair_with_notes(size.outline) is None or most < FEWEST or not is_small(size):
        return None

    def read() -> OwnNotes | None:
        return own_notes(question.model(twin=twin), question.waveform, notes, most)

    return caching.once(("own notes", question.identity, question.key, _key(notes), twin), read)


def _key(notes: Notes) -> str:
    return Store.key(**{name: np.asarray(getattr(notes, name)) for name in COLUMNS})
