"""A tiny corpus with stems, laid out as Slakh: what belongs together has one tone in common, and nothing else has it."""

from pathlib import Path

import numpy as np
import pretty_midi
import soundfile

from tests.shared import alone

RATE, SLOT_S, N_SLOTS, N_WORKS = 8_000, 4, 5, 4
LOWEST_HZ, STEP_HZ = 400.0, 25.0
STEMS = ("S00", "S01", "S02")
SILENT = {(0, 3): ("S01", "S02"), (1, 3): ("S01",)}  # (work, slot) → stems that are silent there


def tag_hz(work: int, slot: int) -> float:
    """The tone that all stems of a work have in one slot of 4 s."""
    return LOWEST_HZ + STEP_HZ * (N_SLOTS * work + slot)


def write_stems(folder: Path) -> Path:
    """Four works of 20 s with three stems each: the tone of the slot, and noise that no other stem has."""
    for work in range(N_WORKS):
        track = folder / f"Track0000{work}"
        (track / "stems").mkdir(parents=True)
        stems = {name: stem(work, number, name) for number, name in enumerate(STEMS)}
        for name, waveform in stems.items():
            soundfile.write(track / "stems" / f"{name}.wav", waveform, RATE)
        soundfile.write(track / "mix.wav", np.mean([*stems.values()], axis=0), RATE)
        midi = pretty_midi.PrettyMIDI()
        midi.instruments.append(pretty_midi.Instrument(0))
        midi.instruments[0].notes += [pretty_midi.Note(80, 50 + i % 12, float(i), i + 0.9) for i in range(SLOT_S * N_SLOTS)]
        midi.write(str(track / "all_src.mid"))
    return folder


def stem(work: int, number: int, name: str) -> np.ndarray:
    """Samples of one stem."""
    rng, times = np.random.default_rng([work, number]), np.arange(RATE * SLOT_S) / RATE
    slots = [
        (0.3 * np.sin(2 * np.pi * tag_hz(work, slot) * times) + 0.02 * rng.standard_normal(len(times)))
        * (name not in SILENT.get((work, slot), ()))
        for slot in range(N_SLOTS)
    ]
    return np.concatenate(slots)


def stems_beside(corpus_folder: Path) -> Path:
    """The folder of the tiny corpus with stems, beside that of the tiny corpus; made by the first that asks."""
    folder = corpus_folder.with_name("tiny stems")
    with alone(folder.with_suffix(".stems.lock")):
        return folder if folder.is_dir() else write_stems(folder)
