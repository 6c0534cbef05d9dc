"""How is the space laid out? Maps with their trustworthiness, matched pairs beside others, the gap between modalities."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.errors import ConfigError
from analysis.measures.projections import fit_neighbours
from analysis.measures.resampling import WorkDraws
from analysis.models.checkpoint import Checkpoint
from analysis.models.poolings import MEAN
from analysis.models.sides import compared_sides
from analysis.numbers import Value
from analysis.readings.embeddings import Weights, embed
from analysis.readings.layer_means import Side, layer_means, layers_of, tower_of
from analysis.readings.study_run import Answer, StudyRun
from analysis.rows import Row
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Pooled, Seed, Setting, Split, WindowsPerPiece
from analysis.studies.embedding.alone import lay_out
from analysis.studies.embedding.maps import Maps, MapSettings, check_settings, draw_maps, make_spaces, read_methods
from analysis.studies.embedding.modalities import (
    GAP,
    Findings,
    Pairing,
    compare_modalities,
    difference_of_aucs,
    other_pairs,
)
from analysis.studies.embedding.rows import PCA, MeasureRow, Model
from analysis.studies.embedding.windows import FEWEST_WINDOWS, choose_windows, describe_windows
from analysis.studies.embedding.words import JOINT, details, headline
from analysis.studies.shared_rows import SentenceRow

PARTS = 4  # of a checkpoint: for both kinds of weights windows through the model, then numbers and maps


@dataclass(frozen=True)
class Request:
    """The joint embedding, in which audio and MIDI are drawn together, or a layer before it, where each is drawn by itself.

    `pairs`: how many windows, each an audio and a MIDI point, spread over all pieces (2,000 in the source); 0: as many as
    `windows_per_piece` gives. `layer` is "embedding", "in" or "block.1" and so on, whose tokens become a row by `pooling`;
    `methods` some of PCA, t-SNE and UMAP; `perplexity` 0 lets the number of points decide; `k` neighbours judge a map; t-SNE and
    UMAP are drawn `n_seeds` times.
    """

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Split = "test"
    windows_per_piece: WindowsPerPiece = 20
    pairs: Annotated[int, Setting("Windows over all pieces; 0: as many as windows_per_piece gives.", 0, 4_000)] = 0
    layer: Annotated[str, Setting("embedding, in, or block.1 and so on.")] = JOINT
    pooling: Pooled = MEAN
    methods: Annotated[str, Setting("Some of PCA, t-SNE and UMAP, separated by commas.")] = "PCA,t-SNE,UMAP"
    perplexity: Annotated[float, Setting("Of t-SNE; 0 lets the number of points decide.", 0, 1_000)] = 0.0
    n_neighbors: Annotated[int, Setting("Of UMAP.", 0, 1_000, label="neighbours")] = 15
    k: Annotated[int, Setting("Neighbours by which a map is judged.", 0, 1_000)] = 10
    n_seeds: Annotated[int, Setting("Drawings of t-SNE and of UMAP.", 0, 20, label="drawings")] = 3
    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Compare the modalities of every checkpoint and its untrained twin and draw their maps; of the twin by PCA alone.

    Raises:
        ConfigError: a setting is out of range, or a checkpoint has no such layer.
        CorpusError: there are fewer than 5 windows.
        Cancelled: somebody asked to stop.
    """
    settings = read_settings(request)
    for checkpoint in study_run.checkpoints.values():
        check_layer(checkpoint, request.layer)
    n_parts = 1 + PARTS * len(study_run.checkpoints)
    reading = study_run.part(0, n_parts)
    segments = choose_windows(reading.part(0, 2), request.split, request.windows_per_piece, request.seed, request.pairs)
    windows = describe_windows(reading.part(1, 2), segments)
    _notice_what_shrinks(study_run, request, len(segments))
    other, same = other_pairs(segments)
    works = WorkDraws(np.array([segment.piece.group for segment in segments]), request.seed)
    pairing = Pairing(works, other, same, fit_neighbours(len(segments), request.k), request.seed)
    findings, maps, differences = list[Findings](), Maps(), list[Value | None]()
    for i, checkpoint in enumerate(study_run.checkpoints.values()):
        parts = [study_run.part(1 + PARTS * i + part, n_parts) for part in range(PARTS)]
        trained, twin = _analyse(parts, checkpoint, segments, pairing, (request.layer, request.pooling), settings, 2 * i, maps)
        findings += [trained, twin]
        differences.append(difference_of_aucs(checkpoint.name, trained, twin, works))
    values = [value for some in findings for value in some.values] + [value for value in differences if value] + maps.values
    rows = [row for some in findings for row in some.rows] + [*maps.projections, *maps.variance, *windows]
    return Measurement(values, rows, {name: array for some in findings for name, array in some.arrays.items()} | maps.arrays)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:
    """Which of them tells matched pairs best."""
    about = measured.values, ranked(checkpoints), request.layer
    return measured.answer(headline(*about), [SentenceRow(details(*about, gap_p(measured.rows)))])


def gap_p(rows: Iterable[Row]) -> dict[str, float | None]:
    """The p of the gap between the modalities, by trained checkpoint."""
    measures = (row for row in rows if isinstance(row, MeasureRow))
    return {row.checkpoint: row.p for row in measures if (row.measure, row.weights) == (GAP, "trained")}


def read_settings(request: Request) -> MapSettings:
    """How the maps of a request are drawn.

    Raises:
        ConfigError: a setting is out of range.
    """
    if 0 < request.pairs < FEWEST_WINDOWS:
        raise ConfigError(f"pairs is {request.pairs}; expected {FEWEST_WINDOWS} or more, or 0 to go by windows_per_piece.")
    numbers = {name: getattr(request, name) for name in ("perplexity", "n_neighbors", "k", "n_seeds", "seed")}
    settings = MapSettings(read_methods(request.methods), **numbers)
    check_settings(settings)
    return settings


def _analyse(
    parts: Sequence[StudyRun],
    checkpoint: Checkpoint,
    segments: Sequence[Segment],
    pairing: Pairing,
    read: tuple[str, str],
    settings: MapSettings,
    number: int,
    maps: Maps,
) -> tuple[Findings, Findings]:
    """What one checkpoint says of a layer and pooling, trained and as its untrained twin; the maps of both are added."""
    joint, name = read[0] == JOINT, checkpoint.name
    both = Findings(Model(name, "trained"), number), Findings(Model(name, "untrained"), number + 1)
    for i, findings in enumerate(both):
        embedding, comparing, drawing = parts[2 * i], parts[2 * i + 1].part(0, 2), parts[2 * i + 1].part(1, 2)
        weights = findings.model.weights
        of_sides = _activations(embedding, checkpoint, segments, weights, *read)
        audio, *others = of_sides.values()
        for midi in others:
            compare_modalities(comparing, audio, midi, pairing, findings, joint)
        if not others:
            lay_out(audio, pairing, findings)
        tick = lambda drawing=drawing: drawing.step(0, 1, f"{name}: finding neighbours")  # noqa: E731
        drawn = make_spaces(of_sides, pairing.works, joint=joint and len(of_sides) > 1, k=settings.k, tick=tick)
        draw_maps(drawing, maps, findings.model, drawn, settings if weights == "trained" else replace(settings, methods=(PCA,)))
    return both


def check_layer(checkpoint: Checkpoint, layer: str) -> None:
    """Refuse a layer that a model does not have on all of its sides; no weights are loaded.

    Raises:
        ConfigError: it lacks it.
    """
    model = checkpoint.outline()
    heard, *others = ([_untowered(tap) for tap in layers_of(model, tower_of(model, side))] for side in compared_sides(model))
    known = [each for each in heard if all(each in other for other in others)]
    if layer not in known:
        where = " on both sides" if others else ""
        raise ConfigError(f"{checkpoint.name} has no layer {layer!r}{where}; expected one of {', '.join(known)}.")


def _untowered(tap: str) -> str:
    """Name of a tap without that of its tower."""
    return tap.partition(".")[2]


def _activations(
    study_run: StudyRun, checkpoint: Checkpoint, segments: Sequence[Segment], weights: Weights, layer: str, pooling: str
) -> dict[Side, Float[ndarray, "n d"]]:
    """Rows of every side."""
    model = checkpoint.outline()
    sides = compared_sides(model)
    if layer == JOINT and len(sides) > 1:
        return dict(zip(sides, embed(study_run, checkpoint, segments, weights), strict=True))
    rows: dict[Side, Float[ndarray, "n d"]] = {}
    for i, side in enumerate(sides):
        tower, part = tower_of(model, side), study_run.part(i, len(sides))
        tap = f"{tower}.{layer}"
        rows[side] = layer_means(part, checkpoint, segments, weights, tower, (tap,), pooling=pooling)[tap]
    return rows


def _notice_what_shrinks(study_run: StudyRun, request: Request, n_windows: int) -> None:
    paired = any(len(compared_sides(checkpoint.outline())) > 1 for checkpoint in study_run.checkpoints.values())
    n_points, few = n_windows * (2 if request.layer == JOINT and paired else 1), "points are few"
    if (k := fit_neighbours(n_points, request.k)) < request.k:
        study_run.notice(f"{n_points} {few}; maps are judged by {k} nearest neighbours instead of {request.k}.")
    if request.perplexity > (n_points - 1) / 3 and "t-sne" in request.methods.lower():
        study_run.notice(f"{n_points} {few}; t-SNE has perplexity {(n_points - 1) / 3:.1f} instead of {request.perplexity:g}.")
    if request.n_neighbors > n_points - 1 and "umap" in request.methods.lower():
        study_run.notice(f"{n_points} {few}; UMAP has {n_points - 1} neighbours instead of {request.n_neighbors}.")


def check(request: Request) -> None:
    """Refuse settings of the maps that cannot be drawn, before anything is opened.

    Raises:
        ConfigError: a setting is out of range.
    """
    read_settings(request)
