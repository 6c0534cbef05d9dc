"""What happens in a window, as far as heads may follow it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped
from numpy import ndarray

from analysis.datasets.midi import Notes
from analysis.descriptors.audio_events import chroma_frames, onset_times
from analysis.measures.head_attention import TimedAttention
from analysis.measures.head_templates import (
    Kind,
    Template,
    in_context,
    nearest,
    onset_template,
    periodic_template,
    pitch_class_template,
    positions,
    repetition_template,
    sounding_classes,
)
from analysis.measures.tempo import estimated_beats

FRAME_S = 0.01


@dataclass(frozen=True, eq=False)
class WindowMusic:
    """Events of a window; times are seconds from its start.

    Attributes:
        onsets_s: of notes.
        frames_s: times at which it is known what sounds, rising.
        chroma: share or presence of every pitch class from C then.
        sounds: pitch classes that sound then; None where only a recording tells, which does not say what is a note.
        beats_s: rising; None where they are not known.
        bars_s: where bars begin; None where that is not known.
        estimated: whether beats are estimated from onsets.
    """

    onsets_s: Float64[ndarray, " onsets"]
    frames_s: Float64[ndarray, " frames"]
    chroma: Float64[ndarray, "frames 12"]
    sounds: Bool[ndarray, "frames 12"] | None = None
    beats_s: Shaped[ndarray, " beats"] | None = None
    bars_s: Shaped[ndarray, " bars"] | None = None
    estimated: bool = False

    def templates(self, attention: TimedAttention) -> dict[Kind, Template]:
        """Where a head of a place would look that followed these events; kinds that cannot be told here are missing."""
        query_s, key_s = attention.query_times_s, attention.key_times_s
        query_chroma, key_chroma = (self._chroma(times_s) for times_s in (query_s, key_s))
        kinds: dict[Kind, Template] = {
            "onset-locked": onset_template(query_s, key_s, self.onsets_s),
            "repetition-aligned": repetition_template(query_chroma, key_chroma, query_s, key_s),
        }
        if self.sounds is not None:
            query_sounds, key_sounds = (self.sounds[nearest(self.frames_s, times_s)] for times_s in (query_s, key_s))
            kinds |= {"pitch-class-locked": pitch_class_template(query_sounds, key_sounds, query_s, key_s)}
        periodic: dict[Kind, ndarray | None] = {"beat-periodic": self.beats_s, "bar-periodic": self.bars_s}
        for kind, marks_s in periodic.items():
            if marks_s is not None and len(marks_s) >= 2:
                kinds[kind] = periodic_template(positions(query_s, marks_s), positions(key_s, marks_s))
        return kinds

    def _chroma(self, times_s: Float64[ndarray, " times"]) -> Float64[ndarray, "times wide"]:
        """Pitch classes around every time, taken from the frames: tokens may be far apart."""
        return in_context(self.chroma, self.frames_s)[nearest(self.frames_s, times_s)]


def music_of_notes(
    notes: Notes,
    start_s: float,
    window_s: float,
    beats_s: Shaped[ndarray, " beats"] | None = None,
    bars_s: Shaped[ndarray, " bars"] | None = None,
) -> WindowMusic:
    """Events of a window from its notes; where beats are not given, their period is estimated from the onsets.

    Args:
        notes: that sound in the window; times are those of the piece.
        start_s: where the window begins in the piece.
        window_s: its length.
        beats_s: of the piece, in its seconds; None where they are not known.
        bars_s: where bars of the piece begin; they are never estimated.
    """
    onset_s, offset_s = notes.onset_s - start_s, notes.offset_s - start_s
    onsets_s = np.unique(onset_s[(onset_s >= 0) & (onset_s < window_s)])
    frames_s = np.arange(0.0, window_s, FRAME_S)
    sounds = sounding_classes(frames_s, onset_s, offset_s, notes.pitch)
    beats, bars, estimated = _marks(onsets_s, start_s, window_s, beats_s, bars_s)
    return WindowMusic(onsets_s, frames_s, sounds.astype(np.float64), sounds, beats, bars, estimated)


def music_of_sound(
    samples: Float[ndarray, " samples"],
    sample_rate: int,
    start_s: float = 0.0,
    beats_s: Shaped[ndarray, " beats"] | None = None,
    bars_s: Shaped[ndarray, " bars"] | None = None,
) -> WindowMusic:
    """Events of a window from its sound alone; which pitch classes are those of notes it does not tell.

    Args:
        samples: of the window, mono.
        sample_rate: in Hz.
        start_s: where the window begins in the piece.
        beats_s: of the piece, in its seconds; None where they are not known.
        bars_s: where bars of the piece begin; they are never estimated.
    """
    onsets_s, (frames_s, chroma) = onset_times(samples, sample_rate), chroma_frames(samples, sample_rate)
    beats, bars, estimated = _marks(onsets_s, start_s, len(samples) / sample_rate, beats_s, bars_s)
    return WindowMusic(onsets_s, frames_s, chroma, None, beats, bars, estimated)


def _marks(
    onsets_s: ndarray, start_s: float, window_s: float, beats_s: ndarray | None, bars_s: ndarray | None
) -> tuple[ndarray | None, ndarray | None, bool]:
    """Beats and bars in seconds from the window's start, and whether the beats are estimated."""
    marks = [None if s is None or len(s) < 2 else np.asarray(s, np.float64) - start_s for s in (beats_s, bars_s)]
    known, bars = marks
    beats = estimated_beats(onsets_s, window_s) if known is None else known
    return beats, bars, known is None and beats is not None
