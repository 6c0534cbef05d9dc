"""Hear the explanation: a clip beside what an explanation points at alone, without it, and with as much of something else alone.

The part is a band, a span of time, or both. The random part lies elsewhere along the same axis and holds the same energy. All are
brought to the loudness of the clip (ITU-R BS.1770-4), so that what is louder is not taken for what matters, and none clips.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from numpy import ndarray

from analysis.descriptors.filters import band_keep
from analysis.errors import ConfigError
from analysis.measures.loudness import integrated_loudness
from analysis.seeding import numpy_generator
from analysis.units import amplitude_to_db, db_to_amplitude, power_to_db, samples_to_seconds

CEILING_DB = -1.0  # of the largest sample
MOST_LOWERED_DB = 12.0
FADE_S = 0.005
ORIGINAL, KEPT, REMOVED, RANDOM = "original", "kept", "removed", "random"
NAMES = (ORIGINAL, KEPT, REMOVED, RANDOM)


class Part(NamedTuple):
    """What an explanation points at.

    Attributes:
        band_hz: lowest and highest frequency; None for all.
        span_s: beginning and end in seconds; None for the whole clip.
    """

    band_hz: tuple[float, float] | None = None
    span_s: tuple[float, float] | None = None


@dataclass(frozen=True)
class Variant:
    """One channel.

    Attributes:
        name: such as "original", "kept", "removed" or "random".
        title: what is heard, in words.
        gain_db: by which it was multiplied.
        loudness: of what is heard, in LKFS; None where it is too short or too soft to have one, and then its gain is that of the
            original.
        short_of_db: how much softer than the others it is, because a louder one would clip.
        energy_db: energy before its gain, relative to the original's.
    """

    name: str
    title: str
    gain_db: float
    loudness: float | None
    short_of_db: float
    energy_db: float


class Beside(NamedTuple):
    """Another sound that is heard at the same places: its name, what it is in words, and its samples, mono at full scale 1."""

    name: str
    title: str
    samples: Float[ndarray, " samples"]


@dataclass(frozen=True, eq=False)
class Variants:
    """All variants of a clip, in the order of `NAMES`, and what is heard beside them.

    Attributes:
        samples: one channel each, no sample above −1 dBFS.
        sample_rate: in Hz.
        variants: what the channels are.
        part: what was kept and removed; None where nothing was.
        random: what the random part is; None where there is none.
    """

    samples: Float32[ndarray, "variants samples"]
    sample_rate: int
    variants: tuple[Variant, ...]
    part: Part | None = None
    random: Part | None = None

    def wav(self) -> bytes:
        """A WAV file of 16 bits with the variants as channels."""
        import soundfile

        soundfile.write(written := io.BytesIO(), self.samples.T, self.sample_rate, format="WAV", subtype="PCM_16")
        return written.getvalue()

    @property
    def notice(self) -> str:
        """What the ear does not know: all gains, and which variant is softer than it should be."""
        gains = ", ".join(f"{variant.name} {variant.gain_db:+.1f} dB" for variant in self.variants)
        short = [
            f"{variant.name} is {variant.short_of_db:.1f} dB softer" for variant in self.variants if variant.short_of_db > 0.05
        ]
        silent = [f"{variant.name} has no loudness" for variant in self.variants if variant.loudness is None]
        return f"Gains: {gains}." + "".join(f" The variant {text}." for text in (*short, *silent))


def make_variants(
    samples: Float[ndarray, " samples"],
    sample_rate: int,
    part: Part,
    *,
    seed: int,
    kept: Float[ndarray, " samples"] | None = None,
    beside: Sequence[Beside] = (),
) -> Variants:
    """The clip itself, the part alone, all but the part, and a random part of the same energy alone; equally loud.

    Args:
        samples: mono, full scale 1.
        sample_rate: in Hz.
        part: a band, a span of time or both, in the clip.
        seed: of the place of the random part.
        kept: the part alone, where something else has cut it already; None for `cut_part`.
        beside: other sounds of the same length, which follow the four.

    Raises:
        ConfigError: the part names nothing, lies outside, or there is no sound in it.
    """
    _check_part(part, len(samples), sample_rate)
    wave = np.asarray(samples, np.float64)
    kept = cut_part(wave, sample_rate, part) if kept is None else np.asarray(kept, np.float64)
    if not np.abs(kept).max(initial=0.0) > 0:
        raise ConfigError("There is no sound in this part of the clip. Choose another part.")
    random = random_part(wave, sample_rate, part, seed)
    alone = cut_part(wave, sample_rate, random)
    titles = ("the clip", part_title(part), f"all but {part_title(part)}", f"{part_title(random)}, drawn at random")
    waves = wave, kept, wave - kept, alone, *(np.asarray(other.samples, np.float64) for other in beside)
    names = *NAMES, *(other.name for other in beside)
    matched, variants = match_loudness(waves, (*titles, *(other.title for other in beside)), sample_rate, names)
    return Variants(matched, sample_rate, variants, part, random)


def cut_part(samples: Float64[ndarray, " samples"], sample_rate: int, part: Part) -> Float64[ndarray, " samples"]:
    """The part alone: without delay, its edges in frequency a raised cosine and in time faded over 5 ms; zeros elsewhere."""
    cut = samples
    if part.band_hz is not None:
        cut = band_keep(torch.from_numpy(cut.copy())[None], *part.band_hz, sample_rate)[0].numpy()
    if part.span_s is not None:
        times_s = np.arange(len(samples)) / sample_rate
        ramps = [(times_s - part.span_s[0]) / FADE_S, (part.span_s[1] - times_s) / FADE_S]
        inner = [
            np.ones(len(samples)) if at_end else ramp
            for ramp, at_end in zip(ramps, _ends(part, samples, sample_rate), strict=True)
        ]
        cut = cut * np.prod([np.sin(np.clip(ramp, 0, 1) * np.pi / 2) ** 2 for ramp in inner], axis=0)
    return cut


def random_part(samples: Float64[ndarray, " samples"], sample_rate: int, part: Part, seed: int) -> Part:
    """A part that holds the same energy: another band, or another span of time (of the same band, where there is one).

    Its beginning is drawn so that every stretch of energy that leaves room is equally likely; it may overlap the part.
    """
    drawn = float(numpy_generator(seed, "random part of the same energy").random())
    if part.span_s is None and part.band_hz is not None:
        power = np.abs(np.fft.rfft(samples)) ** 2
        places = np.arange(len(power) + 1) * (sample_rate / len(samples))
        low, high = _same_energy(power, places, part.band_hz, drawn)
        return Part(band_hz=(low, min(high, sample_rate / 2)))
    band = cut_part(samples, sample_rate, Part(part.band_hz))
    places = np.arange(len(samples) + 1) / sample_rate
    return Part(part.band_hz, _same_energy(band**2, places, part.span_s or (0.0, float(places[-1])), drawn))


def match_loudness(
    waves: Sequence[Float64[ndarray, " samples"]], titles: Sequence[str], sample_rate: int, names: Sequence[str] = NAMES
) -> tuple[Float32[ndarray, "variants samples"], tuple[Variant, ...]]:
    """Waves at the loudness of the first, or up to 12 dB below it, so that no sample is above −1 dBFS.

    What would still clip then is softer than the others, by as much as is said.

    Args:
        waves: mono, full scale 1, all of one length.
        titles: what is heard, wave by wave.
        sample_rate: in Hz.
        names: of the waves.
    """
    loudness = [integrated_loudness(wave[None], sample_rate) for wave in waves]
    peaks_db = [float(amplitude_to_db(np.abs(wave).max(initial=0.0))) for wave in waves]
    first = loudness[0]
    wanted = [0.0 if own is None or first is None else first - own for own in loudness]
    over = max(peak + gain - CEILING_DB for peak, gain in zip(peaks_db, wanted, strict=True))
    lowered = min(max(over, 0.0), MOST_LOWERED_DB)
    gains = [min(gain - lowered, CEILING_DB - peak) for gain, peak in zip(wanted, peaks_db, strict=True)]
    energies = [float(np.sum(wave**2)) for wave in waves]
    variants = tuple(
        Variant(
            name, title, gain, None if own is None else own + gain, max(0.0, want - lowered - gain),
            float(power_to_db(energy / energies[0])) if energies[0] else 0.0,
        )
        for name, title, gain, own, want, energy in zip(names, titles, gains, loudness, wanted, energies, strict=True)
    )  # fmt: skip
    sound = [(wave * db_to_amplitude(gain)).astype(np.float32) for wave, gain in zip(waves, gains, strict=True)]
    return np.stack(sound), variants


def part_title(part: Part) -> str:
    """A part in words.

    >>> part_title(Part((100.0, 1200.0), (0.5, 1.25)))
    '100–1,200 Hz from 0.50 to 1.25 s'
    """
    band = "" if part.band_hz is None else f"{part.band_hz[0]:,.0f}–{part.band_hz[1]:,.0f} Hz"
    span = "" if part.span_s is None else f"from {part.span_s[0]:.2f} to {part.span_s[1]:.2f} s"
    return " ".join(text for text in (band, span) if text)


def _same_energy(
    energy: Float64[ndarray, " cells"], places: Float64[ndarray, " edges"], of: tuple[float, float], drawn: float
) -> tuple[float, float]:
    """Where a stretch of the energy between two places of an axis lies that begins at a random share of what is left."""
    total = np.concatenate([[0.0], np.cumsum(energy)])
    low, high = np.interp(of, places, total)
    begin = drawn * (total[-1] - (high - low))
    ends = np.interp([begin, begin + (high - low)], total, places)
    return float(ends[0]), float(ends[1])


def _ends(part: Part, samples: Float64[ndarray, " samples"], sample_rate: int) -> tuple[bool, bool]:
    """Whether a span begins and ends with the clip, where nothing has to be faded."""
    span_s = part.span_s or (0.0, 0.0)
    return span_s[0] <= 0, span_s[1] >= samples_to_seconds(len(samples), sample_rate)


def _check_part(part: Part, n_samples: int, sample_rate: int) -> None:
    if part.band_hz is None and part.span_s is None:
        raise ConfigError("The part names neither a band nor a span of time; expected one or both. Choose a part.")
    limits = (
        ("band", "Hz", part.band_hz, sample_rate / 2),
        ("span", "s", part.span_s, samples_to_seconds(n_samples, sample_rate)),
    )
    for name, unit, ends, highest in limits:
        if ends is not None and not 0 <= ends[0] < ends[1] <= highest + 1e-9:
            raise ConfigError(
                f"The {name} is {ends[0]:g} to {ends[1]:g} {unit}; expected to rise within 0 to {highest:g} {unit}."
            )
