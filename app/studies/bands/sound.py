"""A band of the sound to be heard: kept, removed, and beside them a random band of the same energy, cut as the model heard it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from analysis.errors import OtoscopeError
from analysis.studies.shared_rows import WindowRow
from analysis.units import db_to_amplitude
from app.kit import layout, player, strips
from app.kit.player import Source

SEED = 0  # of the place of the random band


def draw(
    key: str, source: Source, path: Path, window: WindowRow, edges_hz: Sequence[float], band: int, name: str, sample_rate: int
) -> None:
    """A strip of a window: the recording, the band alone, all but the band, and a random band that holds as much energy.

    Args:
        key: of the strip.
        source: how long windows last.
        path: of the recording.
        window: of the recording.
        edges_hz: of all bands of the study, for a band fades into its neighbours.
        band: its number, from 0.
        name: what the page calls it.
        sample_rate: at how many Hz the checkpoint hears.
    """
    from analysis.clips.variants import Part, make_variants

    title = f"{window.piece} from {player.clock(window.start_s)}, {name}"
    part = Part(band_hz=(edges_hz[band], min(edges_hz[band + 1], sample_rate / 2)))
    try:
        recording, kept = cut(path, window.start_s, source.cut.window_s, edges_hz, band, sample_rate)
        if is_silent(kept, recording):
            st.caption("Silence: this window has nothing in this band, so there is nothing to hear. Choose another window.")
            return
        made = make_variants(recording, sample_rate, part, seed=SEED, kept=kept)
    except (OtoscopeError, OSError) as error:
        layout.error(str(error))
        return
    strips.draw_matched(key, made.samples, made.variants, sample_rate, title)


def cut(
    path: Path, start_s: float, window_s: float, edges_hz: Sequence[float], band: int, sample_rate: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A window, and what one band holds of it; the window minus that is what the model was given.

    Raises:
        AudioError: the recording cannot be read.
    """
    import torch

    from analysis.datasets.audio import read_window
    from analysis.descriptors.filters import split_bands

    samples = read_window(path, start_s, start_s + window_s, sample_rate)
    parts = split_bands(torch.from_numpy(samples)[None], edges_hz, sample_rate)
    return samples, parts[0, 1 + band].numpy()


def is_silent(samples: NDArray[np.float32], recording: NDArray[np.float32]) -> bool:
    """Whether a part holds next to nothing beside the recording: its RMS lies 90 dB below, or there is none."""
    part, whole = (float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))) for wave in (samples, recording))
    return part <= whole * db_to_amplitude(strips.SILENT_DB)
