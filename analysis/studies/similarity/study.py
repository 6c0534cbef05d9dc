"""Do layers and encoders speak the same language? Similarity of all pairs of layers beside shuffled pairs and untrained twins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from analysis.measures.registry import MEASURES
from analysis.models.checkpoint import Checkpoint
from analysis.models.poolings import MEAN
from analysis.readings.embeddings import list_windows
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.measurement import About, Measurement, ranked
from analysis.studies.base.settings import Pooled, Seed, Setting, Split, WindowsPerPiece
from analysis.studies.shared_rows import SentenceRow, work_window_rows
from analysis.studies.similarity import means
from analysis.studies.similarity import words as similarity_words
from analysis.studies.similarity.layers import layer_rows, read_stacks
from analysis.studies.similarity.pairs import compare_all
from analysis.studies.similarity.plan import ACROSS, known_sides, plan_between, plan_within, refuse_unknown
from analysis.studies.similarity.rows import DifferenceRow, LayerRow, MeanRow, MeasureRow, SummaryRow
from analysis.studies.similarity.windows import FEWEST_WINDOWS, choose


@dataclass(frozen=True)
class Request:
    """Windows of a split, about 260 of 22 pieces by default; all measures are computed and one is in the headline.

    Attributes:
        checkpoints: names or folders.
        corpus: name or folder.
        split: of the corpus, or "all".
        windows_per_piece: at most; 1 gives examples that are independent of each other.
        measure: of the headline and of contributions, see `analysis.measures.registry`.
        across: between checkpoints, "same side" (audio with audio, MIDI with MIDI), "every side" (also audio with MIDI, and each
            side with itself), or "none".
        n_shuffles: draws of the null.
        pooling: of the tokens of layers.
        seed: of shuffles and batches.
    """

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Split = "test"
    windows_per_piece: WindowsPerPiece = 12
    measure: Annotated[str, Setting("Of the headline and of contributions.", words=tuple(MEASURES))] = "debiased CKA"
    across: Annotated[str, Setting("What is compared between checkpoints.", words=ACROSS)] = "same side"
    n_shuffles: Annotated[int, Setting("Draws of the null.", 0, 2_000, label="shuffles")] = 200
    pooling: Pooled = MEAN
    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Compare the layers of every checkpoint and of its untrained twin, audio with MIDI, or of one side with each other.

    Raises:
        ConfigError: there is no such measure.
        CorpusError: there are fewer than 4 windows.
        Cancelled: somebody asked to stop.
    """
    _tell_stretch(study_run)
    plan = plan_within(known_sides(study_run.checkpoints), request.measure, request.across)
    parts = plan.parts(study_run)
    listed = list_windows(parts.windows, request.split, request.windows_per_piece, FEWEST_WINDOWS)
    segments, works = choose(listed, request.n_shuffles, request.seed, study_run.cancel.check)
    if len(segments) < len(listed):
        study_run.notice(f"Of {len(listed)} windows {len(segments)}, evenly spread, are compared.")
    stacks = read_stacks(parts, plan, segments, request.pooling)
    widths = [row for stack in stacks.values() for row in layer_rows(stack)]
    gathered = compare_all(parts, plan, stacks, widths, works)
    summary = means.summarise(gathered.within, gathered.across, works)
    mean_rows, mean_arrays = means.means(gathered.within, plan.chosen.name)
    differences = means.gains(gathered.within, works, plan.chosen.name)
    rows = [*summary, *differences, *mean_rows, *gathered.cells, *gathered.grids, *widths]
    rows += [*_measure_rows(), *works.rows, *work_window_rows(segments)]
    return Measurement([row.number for row in (*summary, *differences)], rows, gathered.arrays | mean_arrays)


def compare(request: Request, study_run: StudyRun, pairs: Sequence[About], singles: Measurement) -> Measurement:
    """Compare the layers of checkpoints with each other, all of these pairs from one reading, and their means over blocks.

    Raises:
        ConfigError: there is no such measure.
        CorpusError: there are fewer than 4 windows.
        Cancelled: somebody asked to stop.
    """
    sides = known_sides(study_run.checkpoints)
    plan = plan_between(pairs, request.measure, request.across, sides)
    parts = plan.parts(study_run)
    listed = list_windows(parts.windows, request.split, request.windows_per_piece, FEWEST_WINDOWS)
    segments, works = choose(listed, request.n_shuffles, request.seed, study_run.cancel.check)
    stacks = read_stacks(parts, plan, segments, request.pooling) if plan.comparisons else {}
    gathered = compare_all(parts, plan, stacks, singles.of(LayerRow), works)
    summary = means.summarise({}, gathered.across, works)
    of_blocks = {row.checkpoint: singles.arrays[row.array] for row in singles.of(MeanRow)}
    alike = [pair for pair in pairs if len({sides[name] for name in pair}) == 1]
    differences = list(means.differences(of_blocks, alike, works, plan.chosen.name))
    rows = [*summary, *differences, *gathered.cells, *gathered.grids]
    return Measurement([row.number for row in (*summary, *differences)], rows, gathered.arrays)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:
    """In which of them audio and MIDI are most alike, and in which least; the same of layers where all have one side."""
    about = measured.of(SummaryRow), measured.of(DifferenceRow), request.measure, ranked(checkpoints)
    return measured.answer(similarity_words.headline(*about), [SentenceRow(similarity_words.details(*about))])


def _tell_stretch(study_run: StudyRun) -> None:
    """Say which seconds count where windows differ in length."""
    if study_run.stretch_s < study_run.window_s:
        seconds = f"{study_run.stretch_s:g} s of {study_run.window_s:g} s"
        study_run.notice(f"Of tokens those in the first {seconds} count, which all of these models hear.")


def _measure_rows() -> list[MeasureRow]:
    return [
        MeasureRow(
            each.name,
            each.estimator,
            each.low,
            each.high,
            each.min_n,
            each.larger_is_more_alike,
            tuple(sorted(each.invariances)),
            each.reference,
        )
        for each in MEASURES.values()
    ]


def check(request: Request) -> None:
    """Refuse what cannot be computed, before anything is opened.

    Raises:
        ConfigError: the measure, `across` or the number of shuffles is not one that is offered.
    """
    refuse_unknown(request.measure, request.across, request.n_shuffles)
