"""A second recording on the clock of the first: its lanes after those of the same kind, in the same colours, and its sound."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from analysis.clips.clip_lanes import Listening, Sound, desk_lanes
from analysis.clips.lanes import CurveLane, ImageLane, Lane
from analysis.clips.model_lanes import difference_lane
from analysis.clips.second_differences import curve_difference, spectrogram_difference
from analysis.clips.variants import Beside, Part, Variants, make_variants, match_loudness
from analysis.datasets.audio import Waveform
from analysis.descriptors.chroma import onset_strength
from analysis.descriptors.log_mel import HOP_LENGTH, N_FFT
from analysis.units import seconds_to_words

SECOND = "_second"
HIDDEN_AT_FIRST = {"log_mel_difference_second": "spectrogram", "received_difference_second": "attention received"}
SHOWN_AT_FIRST = {"similarity_difference_second": "self-similarity"}
LEAST_S = 2.0  # fewer frames are soon alike by chance
OVER_END = -(-N_FFT // 2 // HOP_LENGTH)  # frames that reach over an end of a recording


@dataclass(frozen=True)
class Recorded:
    """A recording by its name, and what a model did with it; None for the sound alone."""

    name: str
    sound: Sound
    heard: Listening | None = None


def beside_second(ours: Sequence[Lane], first: Recorded, second: Recorded, near_s: float) -> list[Lane]:
    """The lanes of a recording, each followed by the same of a second one, then what only the second has.

    Pictures of the second have the colours of the first, curves of a kind end at the same number. Where both sound at the same
    moments, such as a transposed version, differences follow as far as both reach, as `analysis.clips.second_differences` says.

    Args:
        ours: lanes of the first.
        first: whose they are.
        second: another recording; what read it is the same model.
        near_s: what is looked at, in seconds of both.

    Raises:
        ShapeError: there is no such layer or head.
    """
    heard = second.heard
    if heard is not None and first.heard is not None:
        heard = replace(heard, scaled_as=first.heard.trained)
    theirs = {lane.id: _of_second(lane, second) for lane in desk_lanes(second.sound, heard, near_s)}
    lanes: list[Lane] = []
    in_time = not apart(first.sound, second.sound)
    for lane in ours:
        named = replace(lane, recording=first.name)
        pair = [named] if (other := theirs.pop(lane.id, None)) is None else _on_one_scale(named, other)
        lanes += [*pair, *(_difference(pair, first, second) if in_time else [])]
    return [*lanes, *theirs.values()]


def apart(first: Sound, second: Sound) -> str:
    """Why a moment of one recording is not that moment of the other, in words; "" where sound begins at the same moments.

    It does where their onset strengths, as of `analysis.descriptors.chroma.onset_strength`, correlate more than with any circular
    shift of one of them, as far as both recordings reach: one that is cut off has the moments of the whole. Frames that reach
    over an end are left out: that a recording begins or ends is no onset.
    """
    ours, theirs = first.waveform, second.waveform
    if ours.sample_rate != theirs.sample_rate:
        return f"the two have other sample rates, {ours.sample_rate:,} and {theirs.sample_rate:,} Hz, so frames are not the same."
    shorter = min(ours, theirs, key=lambda waveform: waveform.duration_s)
    if shorter.duration_s < LEAST_S:
        lasts, least = (seconds_to_words(seconds) for seconds in (shorter.duration_s, LEAST_S))
        return f"{shorter.name} lasts {lasts}, and less than {least} do not tell whether sounds of the two begin together."
    inside = slice(OVER_END, min(sound.log_mel[1].shape[1] for sound in (first, second)) - OVER_END)
    strengths = [onset_strength(sound.log_mel[1][:, inside]) for sound in (first, second)]
    for waveform, strength in zip((ours, theirs), strengths, strict=True):
        if not strength.any():
            return f"no sound begins in {waveform.name}."
    a, b = (np.fft.rfft(strength - strength.mean()) for strength in strengths)
    by_shift = np.fft.irfft(a * np.conj(b), len(strengths[0]))
    if by_shift[0] > 0 and by_shift.argmax() == 0:
        return ""
    return "sounds of the two begin at other moments, so equal seconds are other places of the music."


def heard_beside(first: Waveform, second: Waveform, part: Part | None = None, *, seed: int = 0) -> Variants:
    """Two recordings on the clock of the first, equally loud (ITU-R BS.1770-4): channels at the same place at any time.

    The second is resampled to the rate of the first and cut or padded with silence to its length; its loudness is that of what is
    left. Where a part of the first was chosen, the channels are the four variants of `make_variants`, then the second recording.

    Args:
        first: whose seconds the clock counts.
        second: another recording, heard from its beginning.
        part: of the first, that is heard alone and taken away; None for the two recordings as they are.
        seed: of the place of the random part.

    Raises:
        ConfigError: the part lies outside of the first recording, or there is no sound in it.
    """
    name = second.name if second.name != first.name else f"{second.name} (second)"
    other = Beside(name, f"the second recording{_until(first, second)}", on_clock_of(first, second))
    if part is not None:
        return make_variants(first.samples, first.sample_rate, part, seed=seed, beside=[other])
    waves = [np.asarray(samples, np.float64) for samples in (first.samples, other.samples)]
    titles, names = ("the first recording", other.title), (first.name, other.name)
    matched, variants = match_loudness(waves, titles, first.sample_rate, names)
    return Variants(matched, first.sample_rate, variants)


def on_clock_of(first: Waveform, second: Waveform) -> Float32[ndarray, " samples"]:
    """Samples of the second at the rate of the first and as many: cut, or followed by silence."""
    n = len(first.samples)
    samples = second.at_rate(first.sample_rate).samples[:n]
    return np.pad(samples, (0, n - len(samples)))


def _until(first: Waveform, second: Waveform) -> str:
    """Up to where the second is heard, in words; "" where both are as long."""
    if not lengths_text(first, second):
        return ""
    if second.duration_s < first.duration_s:
        return f", silent after {seconds_to_words(second.duration_s)}"
    return f", its first {seconds_to_words(first.duration_s)}"


def clock_text(why_apart: str, lanes: Collection[str]) -> str:
    """Which differences of two recordings there are among lanes, or why there is none, as `apart` says.

    >>> clock_text("no sound begins in a.wav.", ["log_mel"])
    'No difference is drawn: no sound begins in a.wav.'
    >>> clock_text("", ["log_mel", "log_mel_difference_second"])
    'Their sounds begin at the same moments: “Hidden lanes” has the difference of spectrogram.'
    """
    if why_apart:
        return f"No difference is drawn: {why_apart}"
    hidden, shown = ([word for lane, word in words.items() if lane in lanes] for words in (HIDDEN_AT_FIRST, SHOWN_AT_FIRST))
    drawn = [f"the difference of {' and '.join(shown)} is drawn"] if shown else []
    drawn += [f"“Hidden lanes” has the difference{'s' * (len(hidden) > 1)} of {' and '.join(hidden)}"] if hidden else []
    which = f": {', '.join(drawn)}" if drawn else ", but no two lanes have the same axes"
    return f"Their sounds begin at the same moments{which}."


def lengths_text(first: Waveform, second: Waveform) -> str:
    """What is drawn and heard of a second recording that is shorter or longer than the first; "" where both are as long.

    >>> a, b = (Waveform(np.zeros(n * 8, np.float32), 8, f"{n} s.wav", "") for n in (30, 20))
    >>> lengths_text(a, b)
    '20 s.wav lasts 20 s, 30 s.wav 30 s: after 20 s only 30 s.wav is drawn and heard.'
    """
    ours_s, theirs_s = first.duration_s, second.duration_s
    if abs(ours_s - theirs_s) <= 1 / min(first.sample_rate, second.sample_rate):
        return ""
    lasts = f"{second.name} lasts {seconds_to_words(theirs_s)}, {first.name} {seconds_to_words(ours_s)}"
    if theirs_s < ours_s:
        return f"{lasts}: after {seconds_to_words(theirs_s)} only {first.name} is drawn and heard."
    return f"{lasts}: of {second.name} the first {seconds_to_words(ours_s)} are drawn and heard."


def _of_second(lane: Lane, second: Recorded) -> Lane:
    duration_s = second.sound.waveform.duration_s
    windows = () if second.heard is None else second.heard.trained.clock.spans
    return replace(lane, id=f"{lane.id}{SECOND}", recording=second.name, duration_s=duration_s, windows=windows)


def _on_one_scale(ours: Lane, theirs: Lane) -> list[Lane]:
    """Both, curves with one range for every choice."""
    if not isinstance(ours, CurveLane) or not isinstance(theirs, CurveLane):
        return [ours, theirs]
    pair = [replace(lane, low=min(ours.low, theirs.low)) for lane in (ours, theirs)]
    highs = {choice: max(lane.high(choice) for lane in pair if choice in lane.sets) for choice in (*ours.sets, *theirs.sets)}
    return [replace(lane, highs=highs) for lane in pair]


def _difference(pair: list[Lane], first: Recorded, second: Recorded) -> list[Lane]:
    """Of a lane and its like of the second recording, where a moment of one is the same moment of the other."""
    lane: Lane | None = None
    match pair:
        case [ImageLane(id="log_mel") as ours, ImageLane() as theirs]:
            lane = spectrogram_difference(ours, theirs, second.name)
        case [CurveLane(id="received") as ours, CurveLane() as theirs]:
            lane = curve_difference(ours, theirs, second.name)
        case [ImageLane(id="similarity"), _] if first.heard is not None and second.heard is not None:
            lane = difference_lane(first.heard.trained, second.heard.trained, first.heard.layer, second.name)
        case _:
            return []
    lasts_s = [recorded.sound.waveform.duration_s for recorded in (first, second)]
    ends_s = lasts_s[1] if lasts_s[1] < lasts_s[0] else None
    return [] if lane is None else [replace(lane, id=f"{lane.id}{SECOND}", recording="", duration_s=ends_s)]
