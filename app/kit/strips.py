"""A window of a recording and what was made of it: equally loud, switched at the same place while they play."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.kit.desk.sounds import Variant, join
from app.kit.desk.strip import show_strip
from app.kit.plain import plain

if TYPE_CHECKING:
    from analysis.clips import variants

SILENT_DB = -90.0


class Version(NamedTuple):
    """What is played: a short name, what it is, and its samples, mono and of full scale 1."""

    name: str
    title: str
    samples: NDArray[np.floating]


def draw(key: str, versions: Sequence[Version], sample_rate: int, title: str) -> None:
    """Versions of one window as a strip; where one is shorter than the others, silence follows it."""
    from analysis.clips.variants import match_loudness

    longest = max(len(version.samples) for version in versions)
    waves = [np.pad(np.asarray(samples, np.float64), (0, longest - len(samples))) for _, _, samples in versions]
    titles, names = [version.title for version in versions], [version.name for version in versions]
    draw_matched(key, *match_loudness(waves, titles, sample_rate, names), sample_rate, title)


def draw_matched(
    key: str, samples: NDArray[np.float32], variants: "Sequence[variants.Variant]", sample_rate: int, title: str
) -> None:
    """A strip of what is equally loud already, and below it how much energy each held before.

    Args:
        key: of the strip, always the same for the same place of a page.
        samples: gains in them, `(variants, samples)`.
        variants: what they are; the first is the recording.
        sample_rate: in Hz.
        title: names the recording.
    """
    named = [Variant.of(variant) for variant in variants]
    show_strip(key, join(list(zip(named, samples, strict=True)), sample_rate), title)
    st.caption(plain(energies(variants)))


def energies(variants: "Sequence[variants.Variant]") -> str:
    """What each variant is, and its energy beside that of the first, before they were made equally loud."""
    _first, *others = variants
    return " ".join(f"{other.name.capitalize()}: {other.title}; {_beside(other.energy_db)}." for other in others)


def _beside(energy_db: float) -> str:
    """An energy in words.

    >>> _beside(-8.26), _beside(0.0), _beside(2.0), _beside(-120.0)
    ('energy 8.3 dB below the recording', 'as much energy as the recording', 'energy 2.0 dB above the recording', 'silence')
    """
    if energy_db < SILENT_DB:
        return "silence"
    if abs(energy_db) < 0.05:
        return "as much energy as the recording"
    return f"energy {abs(energy_db):.1f} dB {'below' if energy_db < 0 else 'above'} the recording"
