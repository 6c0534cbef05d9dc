"""Does a model follow a transposition? S with the MIDI, the audio or both moved by semitones, and where the embeddings go.

Invariance is an embedding that stays where it is. Equivariance is another thing: audio and MIDI embeddings go, but together.
The audio is rendered again from the transposed notes, window by window and for 0 semitones too, under one and the same room,
noise and gain, so that nothing but pitch differs. This needs a corpus that was rendered here. Notes that would leave the
piano (21-108) are folded back by octaves on both sides, so that the windows, and n, are the same at every shift.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from jaxtyping import Float, Float32, Float64, Int
from numpy import ndarray

from analysis.errors import ConfigError
from analysis.measures.displacements import displacement_alignment
from analysis.measures.geometry import unit_rows
from analysis.models.checkpoint import Checkpoint
from analysis.models.poolings import MEAN
from analysis.models.sides import compared_sides
from analysis.readings.layer_means import AS_IT_IS, Altered, Side
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Pooled, Seed, Setting
from analysis.studies.pools.request import StressRequest
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import SentenceRow
from analysis.studies.stress.bench import Bench, Model, Moved, Rows, Sides, joint, set_up, unmoved
from analysis.studies.stress.changes import altered, inner_windows, rendering_of
from analysis.studies.stress.distances import relative, yardsticks
from analysis.studies.transposition.answer import ShiftRecord, details, headline, measurement
from analysis.studies.transposition.rows import Transposed

LARGEST = 48
NO_RENDERER = (
    "Only the MIDI is transposed: the audio can be rendered from transposed notes only for a corpus that was rendered here."
)

ONLY_SOUND = (
    "These models read sound alone, which can be rendered from transposed notes only for a corpus that was rendered here. "
    "Choose such a corpus."
)

Distances = dict[Side, Float32[ndarray, "taps n"]]


@dataclass(frozen=True)
class Request(StressRequest):
    """Semitones separated by commas, each of which is tried upwards and downwards, on the canonical pool."""

    semitones: Annotated[str, Setting("Separated by commas; each is tried upwards and downwards.")] = "1,3,6,12,24"
    pooling: Pooled = MEAN
    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Transpose one side and both, and measure S, how far every layer moved, and whether both sides moved alike.

    Raises:
        ConfigError: the semitones are not whole numbers from 1 to 48, or no window can be had.
        CorpusError: there are too few windows for a pool.
        Cancelled: somebody asked to stop.
    """
    sizes, conditions = parse_semitones(request.semitones), rendering_of(request.corpus)
    shifts = [-size for size in reversed(sizes)] + [0] + sizes
    if conditions is None and not any(map(_is_paired, study_run.checkpoints.values())):
        raise ConfigError(ONLY_SOUND)
    per_model = 2 + len(shifts) - 1 + (len(shifts) if conditions else 0)
    n_passes = 2 * len(study_run.checkpoints) * per_model
    windows = inner_windows(study_run.part(0, n_passes + 1), request.split, request.windows_per_piece)
    if conditions is None:
        study_run.notice(NO_RENDERER)
    bench = set_up(study_run, windows, n_passes, request.sizes, request.seed, request.pooling)
    plain = bench.plain()
    moved = move(bench, shifts, plain, conditions)
    return measurement(bench, moved, shifts, sizes)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:
    """How much of S the best of them keeps."""
    names = ranked(checkpoints)
    names = tuple(name for name in names if _is_paired(checkpoints[name])) or names
    about = measured.values, names, parse_semitones(request.semitones), measured.of(PoolRow)[0]
    return measured.answer(headline(*about), [SentenceRow(details(*about))])


def _is_paired(checkpoint: Checkpoint) -> bool:
    """Whether sound and notes can be compared."""
    return len(compared_sides(checkpoint.outline())) > 1


def parse_semitones(text: str) -> list[int]:
    """Sizes of transpositions in ascending order.

    Raises:
        ConfigError: one is not a whole number from 1 to 48, or there is none.

    >>> parse_semitones("12, 3")
    [3, 12]
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and 1 <= int(part) <= LARGEST for part in parts):
        raise ConfigError(
            f"semitones is {text!r}; expected whole numbers from 1 to {LARGEST} separated by commas, like “1,3,12”."
        )
    return sorted({int(part) for part in parts})


@dataclass(frozen=True)
class Moving:
    """A side that is moved: the change for every shift, and the rows of every model at 0 semitones."""

    side: Side
    given: Mapping[int, Altered]
    before: Mapping[Model, Rows]

    def at(self, bench: Bench, shift: int) -> dict[Model, Moved]:
        """Where a shift takes every model."""
        if not shift:
            return {model: unmoved(rows) for model, rows in self.before.items()}
        return bench.moved(self.side, self.given[shift], self.before, self.given[0])


@dataclass(frozen=True)
class MovedSides:
    """Where a shift takes the windows in one model; None where a side is not there or the audio cannot be rendered."""

    midi: Moved | None
    audio: Moved | None

    @property
    def sides(self) -> dict[Side, Moved]:
        """What was moved."""
        both: dict[Side, Moved | None] = {"midi": self.midi, "audio": self.audio}
        return {side: moved for side, moved in both.items() if moved is not None}


def move(bench: Bench, shifts: list[int], plain: dict[Model, Sides], conditions: str | None) -> list[ShiftRecord]:
    """Every model at every shift; 0 first, because everything else is compared with it."""
    notes = {shift: altered("transposition", "midi", shift, bench.study_run) if shift else AS_IT_IS for shift in shifts}
    read = {model: sides.midi for model, sides in plain.items() if "midi" in bench.sides(model)}
    midi, audio = Moving("midi", notes, read), None
    plain = plain if conditions else {model: plain[model] for model in read}
    if conditions:
        sound = {shift: altered("transposition", "audio", shift, bench.study_run, conditions=conditions) for shift in shifts}
        audio = Moving("audio", sound, bench.changed("audio", sound[0], list(plain)))
    units = {model: sides.map(lambda rows: yardsticks(rows, bench.works)) for model, sides in plain.items()}
    start = _moved_sides(bench, midi, audio, 0)
    records: list[ShiftRecord] = []
    for shift in sorted(shifts, key=abs):
        now = _moved_sides(bench, midi, audio, shift) if shift else start
        for model, recorded in plain.items():
            first, then, unit = start[model], now[model], units[model]
            far: Distances = {side: relative(moved.distances, unit.of(side)) for side, moved in then.sides.items()}
            alignment = _alignment(bench, first, then, shift)
            ranks = _ranks(bench, recorded, first, then)
            records.append(ShiftRecord(*model, shift, ranks, far, unit, alignment))
    return records


def _moved_sides(bench: Bench, midi: Moving, audio: Moving | None, shift: int) -> dict[Model, MovedSides]:
    """Where a shift takes every model: the MIDI first, then the audio."""
    read = midi.at(bench, shift)
    heard = {} if audio is None else audio.at(bench, shift)
    return {model: MovedSides(read.get(model), heard.get(model)) for model in heard or read}


def _ranks(bench: Bench, recorded: Sides, start: MovedSides, now: MovedSides) -> dict[Transposed, Int[ndarray, "2 q"]]:
    """Ranks of the matches by what was moved; sound that stands alone has to find itself at 0 semitones."""
    if now.midi is None:
        return (
            {} if start.audio is None or now.audio is None else {"sound": bench.ranks(now.audio.embedding, start.audio.embedding)}
        )
    audio, midi = joint(recorded.audio), joint(recorded.midi)
    alone: dict[Transposed, Int[ndarray, "2 q"]] = {"MIDI alone": bench.ranks(audio, now.midi.embedding)}
    if now.audio is None:
        return alone
    heard = now.audio.embedding
    return {**alone, "audio alone": bench.ranks(heard, midi), "both": bench.ranks(heard, now.midi.embedding)}


def _alignment(
    bench: Bench, start: MovedSides, now: MovedSides, shift: int
) -> tuple[Float64[ndarray, " n"], Float64[ndarray, " n"]] | None:
    """Cosine between the displacements of audio and MIDI, of the same window and on average of windows of other works.

    None where nothing moved, one side cannot be moved, or there is one work only.
    """
    if shift == 0 or start.audio is None or now.audio is None or bench.works.n_works < 2:
        return None
    if start.midi is None or now.midi is None:
        return None
    audio, midi = _displaced(start.audio, now.audio), _displaced(start.midi, now.midi)
    return displacement_alignment(audio, midi, bench.works.groups)


def _displaced(start: Moved, now: Moved) -> Float[ndarray, "n d"]:
    """Where embeddings went on the unit sphere, where retrieval compares."""
    return unit_rows(now.embedding) - unit_rows(start.embedding)


def check(request: Request) -> None:
    """Refuse semitones that cannot be read, before anything is opened.

    Raises:
        ConfigError: they are no whole numbers from 1.
    """
    parse_semitones(request.semitones)
