"""Two renderings of the same notes that differ in one thing: transposed, one note changed, another tempo, another instrument.

Both are rendered here, by the same sound font, so that nothing but the change tells them apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pretty_midi
from jaxtyping import Float32
from numpy import ndarray

from analysis.datasets.alterations import fold_pitch, transpose_notes
from analysis.datasets.midi import Notes, notes_from_rows
from analysis.datasets.rendering import RELEASE_SECONDS, render_midi
from analysis.errors import ConfigError
from analysis.units import seconds_to_samples

PIANO = 0
N_PROGRAMS = 128


@dataclass(frozen=True)
class RenderedWindow:
    """The seconds of a performance that begin at `start_s`, as the sound font plays them.

    Attributes:
        performance: all its notes; those before the window are still heard in it.
        start_s: where the window begins.
        duration_s: its length.
        program: General MIDI program, 0 to 127.
    """

    performance: Notes
    start_s: float
    duration_s: float
    program: int = PIANO

    def notes(self) -> Notes:
        """Notes that sound in the window; times are those of the performance."""
        return self.performance.overlapping(self.start_s, self.start_s + self.duration_s)

    def waveform(self, sample_rate: int, duration_s: float) -> Float32[ndarray, " samples"]:
        """Sound from the beginning of the window on, silent after the performance.

        Raises:
            CorpusError: the sound font is not installed.
        """
        heard = self.performance.overlapping(self.start_s - RELEASE_SECONDS, self.start_s + duration_s)
        began_s = float(heard.onset_s.min(initial=self.start_s))
        columns = (heard.velocity, heard.pitch, heard.onset_s - began_s, heard.offset_s - began_s)
        notes = [pretty_midi.Note(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
        midi = pretty_midi.PrettyMIDI()
        midi.instruments.append(pretty_midi.Instrument(self.program))
        midi.instruments[0].notes += notes
        first, n_samples = seconds_to_samples(self.start_s - began_s, sample_rate), seconds_to_samples(duration_s, sample_rate)
        sound = render_midi(midi, sample_rate=sample_rate)[first : first + n_samples]
        return np.pad(sound, (0, n_samples - len(sound)))


@dataclass(frozen=True)
class MinimalPair:
    """A window before and after one change.

    Attributes:
        change: which.
        title: what differs, in words.
        plain: as written.
        changed: with the change.
    """

    change: str
    title: str
    plain: RenderedWindow
    changed: RenderedWindow


def minimal_pair(change: str, dose: float, window: RenderedWindow) -> MinimalPair:
    """A window of rendered notes beside itself with one change.

    Args:
        change: "transposition" (semitones), "one note" (semitones by which the note in the middle of the window moves), "tempo"
            (times as fast, from the beginning of the window on) or "timbre" (another program).
        dose: how much.
        window: as it is.

    Raises:
        ConfigError: there is no such change, it changes nothing, is not possible, or no note begins in the window.
    """
    if change not in CHANGES:
        raise ConfigError(f"There is no change {change!r} of a pair; expected one of {', '.join(CHANGES)}.")
    if not np.isfinite(dose):
        raise ConfigError(f"The dose of {change} is {dose}; expected a finite number.")
    title, changed = CHANGES[change](dose, window)
    before, after = window.notes(), changed.notes()
    same_notes = len(before) == len(after) and all(
        np.array_equal(getattr(before, name), getattr(after, name)) for name in ("onset_s", "offset_s", "pitch", "velocity")
    )
    if same_notes and changed.program == window.program:
        raise ConfigError(f"{title} changes nothing in this window. Choose another dose or a window with notes.")
    return MinimalPair(change, title, window, changed)


def _transposed(dose: float, window: RenderedWindow) -> tuple[str, RenderedWindow]:
    semitones = _whole("transposition", dose)
    title = f"transposition by {_words(semitones)}"
    return title, replace(window, performance=transpose_notes(window.performance, semitones))


def _words(semitones: int) -> str:
    return f"{semitones:+d} semitone{'' if abs(semitones) == 1 else 's'}"


def _other_note(dose: float, window: RenderedWindow) -> tuple[str, RenderedWindow]:
    semitones, notes = _whole("one note", dose), window.performance
    middle_s = window.start_s + window.duration_s / 2
    inside = (notes.onset_s >= window.start_s) & (notes.onset_s < window.start_s + window.duration_s)
    if not inside.any():
        raise ConfigError("No note begins in this window, so none can be changed. Move the window.")
    number = int(np.where(inside, np.abs(notes.onset_s - middle_s), np.inf).argmin())
    pitch = notes.pitch.copy()
    pitch[number] = fold_pitch(int(pitch[number]), semitones)
    rows = zip(notes.onset_s.tolist(), notes.offset_s.tolist(), pitch.tolist(), notes.velocity.tolist(), strict=True)
    title = f"one note, {notes.onset_s[number] - window.start_s:.2f} s into the window, moved by {_words(semitones)}"
    return title, replace(window, performance=notes_from_rows(list(rows)))


def _faster(dose: float, window: RenderedWindow) -> tuple[str, RenderedWindow]:
    if dose <= 0:
        raise ConfigError(f"The dose of tempo is {dose:g}; expected a number above 0.")
    notes, start_s = window.performance, window.start_s
    onset_s, offset_s = (start_s + (times_s - start_s) / dose for times_s in (notes.onset_s, notes.offset_s))
    kept = onset_s >= 0
    return f"{dose:g} times the tempo", replace(
        window, performance=Notes(onset_s, offset_s, notes.pitch, notes.velocity).select(kept)
    )


def _other_instrument(dose: float, window: RenderedWindow) -> tuple[str, RenderedWindow]:
    program = _whole("timbre", dose)
    if not 0 <= program < N_PROGRAMS:
        raise ConfigError(f"The dose of timbre is {dose:g}; expected a General MIDI program from 0 to {N_PROGRAMS - 1}.")
    return f"played by {pretty_midi.program_to_instrument_name(program)}", replace(window, program=program)


def _whole(change: str, dose: float) -> int:
    if dose != round(dose):
        raise ConfigError(f"The dose of {change} is {dose:g}; expected a whole number.")
    return round(dose)


CHANGES: Mapping[str, Callable[[float, RenderedWindow], tuple[str, RenderedWindow]]] = {
    "transposition": _transposed, "one note": _other_note, "tempo": _faster, "timbre": _other_instrument,
}  # fmt: skip
