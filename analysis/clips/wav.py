"""Samples as WAV files, which a browser plays."""

import io

import numpy as np
import soundfile
from numpy.typing import NDArray


def wav_bytes(samples: NDArray[np.floating], sample_rate: int) -> bytes:
    """A WAV file of 16 bits of samples at full scale 1, `(samples,)` or `(samples, channels)`."""
    soundfile.write(file := io.BytesIO(), samples, sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue()
