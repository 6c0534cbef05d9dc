"""M4A recordings, which only `ffmpeg` decodes: a program of its own, with a time limit and no other file in reach."""

import io
import re
import shutil
import subprocess
from pathlib import Path

from analysis.errors import AudioError, TooLongError
from analysis.units import seconds_to_words

TIMEOUT_S = 120


def ffmpeg_path() -> str | None:
    """Where `ffmpeg` is installed, `None` where it is not."""
    return shutil.which("ffmpeg")


def convert_m4a(stream: io.BufferedIOBase, folder: Path, label: str, max_seconds: float) -> tuple[Path, float]:
    """Decode an M4A file to a WAV file in `folder`; little more than `max_seconds` is decoded.

    Returns its path and the length in seconds that the M4A file promises, 0 where it promises none.

    Raises:
        AudioError: ffmpeg is missing, refuses the file or takes too long, or the recording is too long.
    """
    program = ffmpeg_path()
    if program is None:
        raise AudioError(
            f"{label} is an M4A file, which needs ffmpeg, and ffmpeg is not installed here. "
            "Install ffmpeg, or convert the recording to WAV, FLAC, OGG or MP3."
        )
    # The index of an M4A file may stand at its end, so ffmpeg needs a file to seek in and not a pipe.
    source, target = folder / "source.m4a", folder / "decoded.wav"
    stream.seek(0)
    with source.open("wb") as copy:
        shutil.copyfileobj(stream, copy)
    read = ["-protocol_whitelist", "file", "-f", "mov", "-i", f"file:{source}", "-map", "0:a:0"]
    write = ["-t", str(max_seconds + 1), "-c:a", "pcm_f32le", "-f", "wav", str(target)]
    try:
        command = [program, "-hide_banner", "-nostdin", *read, *write]
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=True)
    except subprocess.TimeoutExpired as error:
        raise AudioError(f"{label} took ffmpeg over {TIMEOUT_S} s to decode. Convert it to WAV or FLAC.") from error
    except (subprocess.CalledProcessError, OSError) as error:
        raise AudioError(
            f"{label} begins like an M4A file but ffmpeg cannot decode any audio in it: it is damaged, cut off or has "
            "no sound track. Export it again, as WAV or FLAC."
        ) from error
    length = re.search(rb"Duration: (\d+):(\d+):(\d+(?:\.\d+)?)", done.stderr)
    hours, minutes, seconds = (float(part) for part in length.groups()) if length else (0.0, 0.0, 0.0)
    if (duration_s := 3600 * hours + 60 * minutes + seconds) > max_seconds:
        raise TooLongError(too_long(label, duration_s, max_seconds))
    return target, duration_s


def too_long(label: str, seconds: float | None, max_seconds: float) -> str:
    """The sentence for a recording beyond the limit; `seconds` is `None` where its length is not known.

    >>> too_long("a.wav", 10_800, 600)
    'a.wav is too long: it lasts 3 h and at most 10 min can be read. Cut out the part you need.'
    """
    got = f"it lasts {seconds_to_words(seconds)} and" if seconds else "it goes on past the limit:"
    return f"{label} is too long: {got} at most {seconds_to_words(max_seconds)} can be read. Cut out the part you need."
