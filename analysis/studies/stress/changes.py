"""Which changes of a window are tried, at which doses, and what a model is given then; pages play the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from analysis.datasets.alterations import NOTE_CHANGES, WAVEFORM_CHANGES, alter_notes, alter_waveform
from analysis.datasets.corpora import NAMES
from analysis.datasets.excerpts import OTHER_FONT, render_excerpt
from analysis.datasets.midi import Notes
from analysis.datasets.segments import Segment
from analysis.errors import ConfigError
from analysis.models.sides import compared_sides
from analysis.readings.embeddings import list_windows
from analysis.readings.layer_means import AS_IT_IS, Altered, Side
from analysis.readings.study_run import StudyRun

MARGIN_S, MARGIN = 1.0, 0.25  # at least, and of a window: what time shifts and playback speeds up to 1.5 read on either side
RENDERED_AGAIN = {0.0: "rendered again", 1.0: OTHER_FONT}


@dataclass(frozen=True)
class Change:
    """One thing that is changed.

    Attributes:
        name: as in requests and tables.
        title: as pages write it.
        side: which encoder is given something else.
        unit: of the dose.
        doses: in the order of a chart's axis; None is no change where no number is.
        unchanged: the dose that changes nothing.
        twin: doses at which the untrained twin is measured too.
        what: a sentence: what is altered, and what is not.
        rebase: the dose with which the later ones are compared, instead of the window as it is.
    """

    name: str
    title: str
    side: Side
    unit: str
    doses: tuple[float | None, ...]
    unchanged: float | None
    twin: tuple[float, ...]
    what: str
    rebase: float | None = None

    @property
    def noun(self) -> str:
        """The title inside a sentence."""
        return self.title[0].lower() + self.title[1:]

    @property
    def changing(self) -> tuple[float, ...]:
        """The doses that change something."""
        return tuple(dose for dose in self.doses if dose is not None and dose != self.unchanged)


CHANGES: tuple[Change, ...] = (
    Change(
        "time_shift", "Time shift", "audio", "samples",
        (-8000, -4000, -2000, -1000, -500, 0, 500, 1000, 2000, 4000, 8000), 0, (-8000, 8000),
        "The audio window is read so many samples later in the recording (earlier where negative); the MIDI window stays.",
    ),
    Change(
        "playback_speed", "Playback speed of the audio", "audio", "×", (0.5, 0.8, 1, 1.2, 1.5), 1, (0.5, 1.5),
        "The recording is played so many times as fast around the middle of the window, as a tape: tempo and pitch change "
        "(×0.5 is −12, ×1.5 is +7.0 semitones); the MIDI stays.",
    ),
    Change(
        "note_duration", "Playback speed in the MIDI", "midi", "×", (0.5, 0.8, 1, 1.2, 1.5), 1, (0.5, 1.5),
        "Note durations are divided by the speed, which is all that the MIDI encoder reads of it (onset times are no input); "
        "the audio stays.",
    ),
    Change(
        "note_velocity", "Note velocity", "midi", "×", (0.5, 0.8, 1, 1.2, 1.5), 1, (0.5, 1.5),
        "MIDI velocities (loudness of the notes) are multiplied, rounded and kept within 1-127; the audio stays.",
    ),
    Change(
        "octave", "Octave", "midi", "semitones", (-12, 0, 12), 0, (-12, 12),
        "All notes of the MIDI are moved by an octave, those that would leave the piano folded back; the audio stays.",
    ),
    Change(
        "white_noise", "White noise", "audio", "dB SNR", (None, 40, 30, 20, 10, 5, 0), None, (0,),
        "White noise is added, so many dB below the RMS of the window; every window has its own noise, the same at all levels.",
    ),
    Change(
        "pink_noise", "Pink noise", "audio", "dB SNR", (None, 40, 20, 10, 0), None, (0,),
        "Pink noise (−3 dB/octave) is added, so many dB below the RMS of the window.",
    ),
    Change("gain", "Gain", "audio", "dB", (-12, -6, 0, 6, 12), 0, (-12, 12), "The waveform is multiplied; nothing is clipped."),
    Change(
        "low_pass", "Low-pass", "audio", "Hz", (None, 8000, 4000, 2000, 1000), None, (1000,),
        "Frequencies above the cut-off are removed.",
    ),
    Change(
        "sound_font", "Sound font", "audio", "", (None, 0, 1), None, (0, 1),
        "The window is rendered again from its notes under the piece's own recording conditions (0), then so with the grand "
        f"piano of the sound font {OTHER_FONT} instead of its instrument (1), which is compared with 0, not with the recording.",
        rebase=0,
    ),
)  # fmt: skip
BY_NAME = {change.name: change for change in CHANGES}


def named_changes(names: str) -> list[Change]:
    """Changes from their names separated by commas, "all" for every one.

    Raises:
        ConfigError: a name is unknown or none is given.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if wanted == ["all"]:
        wanted = list(BY_NAME)
    unknown = [name for name in wanted if name not in BY_NAME]
    if unknown or not wanted:
        got = ", ".join(map(repr, unknown)) or "none"
        raise ConfigError(f"changes names {got}; expected “all” or some of {', '.join(BY_NAME)}, separated by commas.")
    return [BY_NAME[name] for name in dict.fromkeys(wanted)]


def choose_changes(names: str, conditions: str | None, study_run: StudyRun) -> tuple[Change, ...]:
    """The named changes; without a renderer the sound font is left out.

    Raises:
        ConfigError: a name is unknown or none is given.
    """
    chosen = named_changes(names)
    if conditions is None and BY_NAME["sound_font"] in chosen:
        study_run.notice("The sound font is left out: only a corpus that was rendered here can be rendered again.")
        chosen.remove(BY_NAME["sound_font"])
    if not chosen:
        raise ConfigError("Only the sound font is asked for, which needs a rendered corpus; add another change.")
    return _of_sides(chosen, study_run)


def _of_sides(changes: Sequence[Change], study_run: StudyRun) -> tuple[Change, ...]:
    """The changes of sides that one of the models has.

    Raises:
        ConfigError: there is none.
    """
    known = {side for checkpoint in study_run.checkpoints.values() for side in compared_sides(checkpoint.outline())}
    kept = tuple(change for change in changes if not known or change.side in known)
    left_out = ", ".join(change.title for change in changes if change not in kept)
    if left_out and not kept:
        raise ConfigError(f"Of these models none reads what is changed by: {left_out}. Add a change of the audio.")
    if left_out:
        study_run.notice(f"None of these models reads notes. Left out: {left_out}.")
    return kept


def dose_label(change: Change, dose: float | None) -> str:
    """A dose as it is written on an axis.

    >>> dose_label(BY_NAME["time_shift"], -8000), dose_label(BY_NAME["low_pass"], 4000), dose_label(BY_NAME["low_pass"], None)
    ('−8,000 samples', '4,000 Hz', 'none')
    """
    if dose is None:
        return "none"
    if change.name == "sound_font":
        return RENDERED_AGAIN[dose]
    if change.unit == "×":
        return f"×{dose:g}"
    signed = change.unchanged == 0 and dose != 0
    return f"{dose:{'+' if signed else ''},g} {change.unit}".replace("-", "−")


def rendering_of(corpus: str) -> str | None:
    """Recording conditions with which a corpus of that name was rendered here; None for recordings in a folder.

    >>> rendering_of("full"), rendering_of("small-clean"), rendering_of("somewhere/else")
    ('recorded', 'clean', None)
    """
    return (corpus.partition("-")[2] or "recorded") if corpus in NAMES else None


def inner_windows(study_run: StudyRun, split: str, windows_per_piece: int) -> list[Segment]:
    """Windows spread over every piece of a split, at least 1 s or a quarter of a window away from both ends of the recording.

    Raises:
        ConfigError: there is no such split, no window is asked for, or no recording is long enough.
    """
    if windows_per_piece < 1:
        raise ConfigError(f"windows_per_piece is {windows_per_piece}; expected 1 or more.")
    kept: dict[str, list[Segment]] = {}
    margin_s = max(MARGIN_S, MARGIN * study_run.window_s)
    for segment in list_windows(study_run, split, windows_per_piece + 1):
        if margin_s <= segment.start_s <= segment.piece.duration_s - segment.duration_s - margin_s:
            kept.setdefault(segment.piece.piece_id, []).append(segment)
    windows = [segment for ones in kept.values() for segment in ones[:windows_per_piece]]
    if not windows:
        raise ConfigError(
            f"No recording of the split {split!r} has a window {margin_s:g} s away from both its ends; use longer recordings."
        )
    return windows


def altered_audio(
    change: str, dose: float | None, segment: Segment, sample_rate: int, *, seed: int = 42, conditions: str | None = None
) -> ndarray:
    """The audio of a window that a model was given, float32 `(samples,)`; where the MIDI was changed, the recording.

    Args:
        change: name in `CHANGES`, or "transposition", whose audio is rendered again.
        dose: how much; None for no change.
        segment: window.
        sample_rate: in Hz.
        seed: of the request.
        conditions: of `rendering_of(corpus)`; needed for what is rendered.

    Raises:
        ConfigError: the change is unknown, the dose is impossible, or the corpus cannot be rendered.
        AudioError: the recording cannot be read there.
    """
    if change in WAVEFORM_CHANGES:
        return alter_waveform(change, dose, segment, sample_rate, seed=seed)
    rendered = {"sound_font": RENDERED_AGAIN, "transposition": None}
    if dose is None or change not in rendered:
        if change not in NOTE_CHANGES and change not in rendered:
            raise ConfigError(f"There is no change {change!r}; expected one of {', '.join(BY_NAME)} or transposition.")
        return alter_waveform("gain", None, segment, sample_rate)
    if conditions is None:
        raise ConfigError(f"{change} renders the audio again, which needs a corpus that was rendered here.")
    if change == "transposition":
        return render_excerpt(segment, sample_rate, conditions=conditions, semitones=round(dose))
    if dose not in RENDERED_AGAIN:
        raise ConfigError(f"The dose of sound_font is {dose}; expected 0 for its own or 1 for {OTHER_FONT}.")
    return render_excerpt(segment, sample_rate, conditions=conditions, other_font=dose == 1)


@dataclass
class AlteredAudio:
    """Waveforms of one change and dose, made once and given to every model until forgotten; `check` may raise to stop."""

    make: Callable[[Segment, int], ndarray]
    check: Callable[[], None]
    kept: dict[tuple[str, float, int], ndarray] = field(default_factory=dict)

    def __call__(self, segments: Sequence[Segment], sample_rate: int) -> Tensor:
        """Waveforms of a batch `(batch, samples)`."""
        return torch.from_numpy(np.stack([self._waveform(segment, sample_rate) for segment in segments]))

    def _waveform(self, segment: Segment, sample_rate: int) -> ndarray:
        key = segment.piece.piece_id, segment.start_s, sample_rate
        if key not in self.kept:
            self.check()
            self.kept[key] = self.make(segment, sample_rate)
        return self.kept[key]


def altered(
    change: str, side: Side, dose: float | None, study_run: StudyRun, *, seed: int = 42, conditions: str | None = None
) -> Altered:
    """The change of one side as models are given it; waveforms are kept until it is told to forget them."""
    if dose is None:
        return AS_IT_IS
    name = f"{change} {dose:g}"
    if side == "midi":
        return Altered(name, notes=partial(_notes, change, dose))
    name += (
        f", seed {seed}" if change.endswith("noise") else f", {conditions}" if change in ("sound_font", "transposition") else ""
    )
    heard = AlteredAudio(partial(_altered_audio, change, dose, seed, conditions), study_run.cancel.check)
    return Altered(name, waveforms=heard, forget=heard.kept.clear)


def _altered_audio(change: str, dose: float, seed: int, conditions: str | None, segment: Segment, sample_rate: int) -> ndarray:
    return altered_audio(change, dose, segment, sample_rate, seed=seed, conditions=conditions)


def _notes(change: str, dose: float, segments: Sequence[Segment]) -> list[Notes]:
    return [alter_notes(change, dose, segment) for segment in segments]
