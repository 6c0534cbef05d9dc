"""Variants of one recording as the channels of one WAV file, so that all of them are always at the same place."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from jaxtyping import Float
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.files import JsonObject

if TYPE_CHECKING:
    from analysis.clips import variants

MOST_VARIANTS = 8  # channels that browsers play


@dataclass(frozen=True)
class Variant:
    """One of them.

    Attributes:
        name: what it is called.
        gain_db: by which it was made as loud as the others.
        about: what it is.
        short_db: how much softer than the others it still is, in LU; None where it has no loudness.
        second: whether it is the second recording, which lanes of its own show.
    """

    name: str
    gain_db: float = 0.0
    about: str = ""
    short_db: float | None = 0.0
    second: bool = False

    @classmethod
    def of(cls, matched: "variants.Variant", *, second: bool = False) -> "Variant":
        """What was made as loud as others."""
        short_db = None if matched.loudness is None else matched.short_of_db
        return cls(matched.name, matched.gain_db, matched.title, short_db, second)


@dataclass(frozen=True)
class Sounds:
    """Variants of a recording, or two recordings, of one length and, but for what `short_db` says, of one loudness.

    Attributes:
        wav: a WAV file, channel by channel what `variants` names.
        variants: from the first channel on; the first is heard at first.
    """

    wav: bytes
    variants: Sequence[Variant]

    def names(self) -> JsonObject:
        """What the browser is told of them."""
        variants = [
            {
                "name": variant.name, "gainDb": variant.gain_db, "about": variant.about, "shortDb": variant.short_db,
                "second": variant.second,
            }
            for variant in self.variants
        ]  # fmt: skip
        return {"variants": variants}


def join(variants: Sequence[tuple[Variant, Float[ndarray, " _"]]], sample_rate: int) -> Sounds:
    """Variants with their samples, gains already in them, as one file of 16 bits.

    Where a sample of any of them lies beyond full scale, all are made softer by the same factor, so that none is clipped and they
    stay as loud as each other.

    Raises:
        ShapeError: there are none or too many, or they are not of one length.
    """
    lengths = sorted({len(samples) for _, samples in variants})
    if not 1 <= len(variants) <= MOST_VARIANTS:
        raise ShapeError(
            f"A strip of {len(variants)} variants was asked for; expected 1 to {MOST_VARIANTS}, as browsers play them."
        )
    if len(lengths) > 1:
        raise ShapeError(f"Variants have {lengths} samples; expected one length for all. Cut or pad them first.")
    channels = np.stack([samples for _, samples in variants], axis=1)
    channels = channels / max(1.0, float(np.abs(channels).max(initial=0.0)))
    file = io.BytesIO()
    soundfile.write(file, channels, sample_rate, subtype="PCM_16", format="WAV")
    return Sounds(file.getvalue(), [variant for variant, _ in variants])
