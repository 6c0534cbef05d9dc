"""What sound and notes say of windows: one row of numbers each, from which probes have labels, and what they see of inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy import ndarray

from analysis.datasets.segments import Segment, segment_notes
from analysis.descriptors.audio_targets import audio_chroma, log_mel_statistics, spectral_centroid
from analysis.descriptors.note_targets import (
    chroma_histogram,
    interval_histogram,
    mean_velocity,
    note_density,
    note_statistics,
    pitch_histogram,
)
from analysis.readings.study_run import StudyRun
from analysis.training.evaluation import waveform_batch

AUDIO_BATCH = 16
INPUTS_ALONE = ("log mel", "note statistics")  # no probe is asked for them


@dataclass(frozen=True)
class SoundFeatures:
    """What the sound of windows says of them, one row of numbers for each: `(windows, outputs)`."""

    spectral_centroid: ndarray
    audio_chroma: ndarray
    log_mel: ndarray


@dataclass(frozen=True)
class NoteFeatures:
    """What the notes of windows say of them, one row of numbers for each: `(windows, outputs)`."""

    pitch_histogram: ndarray
    chroma_histogram: ndarray
    interval_histogram: ndarray
    note_statistics: ndarray
    note_density: ndarray
    mean_velocity: ndarray


@dataclass(frozen=True)
class WindowFeatures:
    """What sound and notes say of windows; `notes` is None where no recording has a MIDI file."""

    sound: SoundFeatures
    notes: NoteFeatures | None

    @classmethod
    def of(cls, arrays: Mapping[str, ndarray]) -> "WindowFeatures":
        """Those that `arrays` gave, to the last bit."""
        sound = SoundFeatures(*(arrays[column.name] for column in fields(SoundFeatures)))
        names = [column.name for column in fields(NoteFeatures)]
        return cls(sound, NoteFeatures(*(arrays[name] for name in names)) if arrays.keys() >= set(names) else None)

    def arrays(self) -> dict[str, ndarray]:
        """Every one of them by the name of its field."""
        return {**vars(self.sound), **({} if self.notes is None else vars(self.notes))}

    def by_task(self) -> dict[str, ndarray]:
        """Those that a probe may be asked for, by the name of the task."""
        named = {name.replace("_", " "): rows for name, rows in self.arrays().items()}
        return {name: named[name] for name in named if name not in INPUTS_ALONE}


def window_features(study_run: StudyRun, segments: Sequence[Segment]) -> WindowFeatures:
    """Everything that audio and notes say of every window; audio at the sample rate of the corpus, notes if all have some.

    Raises:
        AudioError, CorpusError, MidiError: a piece cannot be read.
        Cancelled: somebody asked to stop.
    """
    parts: list[dict[str, ndarray]] = []
    rate = study_run.corpus.sample_rate
    for start in range(0, len(segments), AUDIO_BATCH):
        study_run.step(start, len(segments), "Labels from notes and audio")
        batch = segments[start : start + AUDIO_BATCH]
        waveforms = waveform_batch(batch, rate).to(study_run.device)
        sound = SoundFeatures(
            spectral_centroid(waveforms, rate)[:, None].cpu().numpy(),
            audio_chroma(waveforms, rate).cpu().numpy(),
            log_mel_statistics(waveforms, rate).cpu().numpy(),
        )
        parts.append(WindowFeatures(sound, _note_features(batch) if study_run.corpus.has_notes else None).arrays())
    return WindowFeatures.of({name: np.concatenate([part[name] for part in parts]).astype(np.float64) for name in parts[0]})


def _note_features(segments: Sequence[Segment]) -> NoteFeatures:
    notes = [segment_notes(segment) for segment in segments]
    densities = [note_density(n.onset_s, s.start_s, s.start_s + s.duration_s) for n, s in zip(notes, segments, strict=True)]
    return NoteFeatures(
        np.stack([pitch_histogram(n.pitch) for n in notes]),
        np.stack([chroma_histogram(n.pitch) for n in notes]),
        np.stack([interval_histogram(n.pitch) for n in notes]),
        np.stack([note_statistics(n.pitch, n.velocity, n.offset_s - n.onset_s) for n in notes]),
        np.array(densities)[:, None],
        np.array([mean_velocity(n.velocity) for n in notes])[:, None],
    )
