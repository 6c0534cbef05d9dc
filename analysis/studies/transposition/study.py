"""Does a model follow a transposition? S with the MIDI, the audio or both moved by semitones, and where the embeddings go.

Invariance is an embedding that stays where it is. Equivariance is another thing: audio and MIDI embeddings go, but together.
The audio is rendered again from the transposed notes, window by window and for 0 semitones too, under one and the same room,
noise and gain, so that nothing but pitch differs. This needs a corpus that was rendered here. Notes that would leave the
piano (21-108) are folded back by octaves on both sides, so that the windows, and n, are the same at every shift.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from jaxtyping import Float32, Float64, Int
from numpy import ndarray

from analysis.errors import ConfigError
from analysis.measures.displacements import displacement_alignment
from analysis.measures.geometry import unit_rows
from analysis.models.checkpoint import Checkpoint
from analysis.models.poolings import MEAN
from analysis.readings.layer_means import AS_IT_IS, SIDES, Altered, Side
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Pooled, Seed, Setting
from analysis.studies.pools.request import StressRequest
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import SentenceRow
from analysis.studies.stress.bench import Bench, Model, Moved, Rows, Sides, embedding_of, set_up, unmoved
from analysis.studies.stress.changes import altered, inner_windows, rendering_of
from analysis.studies.stress.distances import relative, yardsticks
from analysis.studies.transposition.answer import ShiftRecord, details, headline, measurement
from analysis.studies.transposition.rows import Transposed

LARGEST = 48
NO_RENDERER = (
    "Only the MIDI is transposed: the audio can be rendered from transposed notes only for a corpus that was rendered here."
)

Places = dict[Side, dict[Model, Moved]]
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
    about = measured.values, ranked(checkpoints), parse_semitones(request.semitones), measured.of(PoolRow)[0].short
    return measured.answer(headline(*about), [SentenceRow(details(*about))])


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


def move(bench: Bench, shifts: list[int], plain: dict[Model, Sides], conditions: str | None) -> list[ShiftRecord]:
    """Every model at every shift; 0 first, because everything else is compared with it."""
    given: dict[Side, dict[int, Altered]] = {
        "midi": {shift: altered("transposition", "midi", shift, bench.study_run) if shift else AS_IT_IS for shift in shifts}
    }
    before: dict[Side, dict[Model, Rows]] = {"midi": {model: sides["midi"] for model, sides in plain.items()}}
    if conditions:
        given["audio"] = {
            shift: altered("transposition", "audio", shift, bench.study_run, conditions=conditions) for shift in shifts
        }
        before["audio"] = {**bench.changed("audio", given["audio"][0], list(plain))}
    start: Places = {side: {model: unmoved(sides) for model, sides in rows.items()} for side, rows in before.items()}
    units: dict[Model, dict[Side, dict[str, float | None]]] = {
        model: {side: yardsticks(rows, bench.works) for side, rows in sides.items()} for model, sides in plain.items()
    }
    records: list[ShiftRecord] = []
    for shift in sorted(shifts, key=abs):
        now: Places = start
        if shift:
            now = {side: bench.moved(side, given[side][shift], rows, given[side][0]) for side, rows in before.items()}
        for model, recorded in plain.items():
            first, then = _of(model, start), _of(model, now)
            far: Distances = {side: relative(moved.distances, units[model][side]) for side, moved in then.items()}
            alignment = _alignment(bench, first, then, shift)
            records.append(ShiftRecord(*model, shift, _ranks(bench, recorded, then), far, units[model], alignment))
    return records


def _of(model: Model, places: Places) -> dict[Side, Moved]:
    return {side: sides[model] for side, sides in places.items()}


def _ranks(bench: Bench, recorded: Sides, now: Mapping[Side, Moved]) -> dict[Transposed, Int[ndarray, "2 q"]]:
    """Ranks of the matches by what was moved."""
    audio, midi = (embedding_of(recorded[side]) for side in SIDES)
    ranks: dict[Transposed, Int[ndarray, "2 q"]] = {"MIDI alone": bench.ranks(audio, now["midi"].embedding)}
    if "audio" in now:
        ranks["audio alone"] = bench.ranks(now["audio"].embedding, midi)
        ranks["both"] = bench.ranks(now["audio"].embedding, now["midi"].embedding)
    return ranks


def _alignment(
    bench: Bench, start: Mapping[Side, Moved], now: Mapping[Side, Moved], shift: int
) -> tuple[Float64[ndarray, " n"], Float64[ndarray, " n"]] | None:
    """Cosine between the displacements of audio and MIDI, of the same window and on average of windows of other works.

    None where nothing moved, one side cannot be moved, or there is one work only.
    """
    if shift == 0 or len(now) < len(SIDES) or bench.works.n_works < 2:
        return None
    displaced = [unit_rows(now[side].embedding) - unit_rows(start[side].embedding) for side in SIDES]
    return displacement_alignment(displaced[0], displaced[1], bench.works.groups)  # on the unit sphere, where retrieval compares


def check(request: Request) -> None:
    """Refuse semitones that cannot be read, before anything is opened.

    Raises:
        ConfigError: they are no whole numbers from 1.
    """
    parse_semitones(request.semitones)
