"""Train an arm on a corpus, examine it on the test split, and write the checkpoint with its card."""

import dataclasses
from pathlib import Path

import torch

from analysis.datasets.piece import Corpus, Piece
from analysis.datasets.pools import PoolSizes
from analysis.datasets.segments import Segment, drop_repeated, list_segments
from analysis.files import Json
from analysis.models.checkpoint import Checkpoint, half_precision, save_checkpoint
from analysis.models.controls import copy_learned
from analysis.models.dual_encoder import DualEncoder, build_arm
from analysis.run import Metrics, Progress, ignore
from analysis.training.card import write_card
from analysis.training.evaluation import Evaluation, evaluate, fit_pool
from analysis.training.loop import RESUME, TrainRequest, pick_device, train

TEST_WINDOWS_PER_PIECE = 100
TEST_QUERIES = 500
SMALL_POOL = PoolSizes(n_queries=60, pool_size=64, n_same_piece=16, n_same_composer=8)
SMALL_POOL_PIECES, SMALL_POOL_WINDOWS = 4, 30


def train_checkpoint(
    request: TrainRequest,
    corpus: Corpus,
    out: Path,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    metrics: Metrics = ignore,
) -> Checkpoint:
    """Train, score the shipped (fp16) weights and their untrained twin on the test split, and save.

    Raises:
        ConfigError, CorpusError: the request or the corpus cannot be used.
    """
    where = f"the split test of {corpus.name}"
    # So that a corpus that cannot be scored is refused before training.
    fit_pool(_test_windows(corpus), n_queries=TEST_QUERIES, where=where)
    trained = train(request, corpus, out, resume=resume, progress=progress, metrics=metrics)
    if progress:
        progress(request.steps, request.steps, "trained; scoring it and its untrained twin on the split test")
    trained.model.load_state_dict(half_precision(trained.model.state_dict()))
    twin = build_arm(request.arm, request.scale, request.seed)
    copy_learned(trained.model, twin)
    evaluation = evaluate_saved(trained.model, twin, corpus)
    training = {
        **dataclasses.asdict(request), "best_step": trained.best_step, "minutes": round(trained.minutes, 1),
        "device": str(pick_device()), "torch": torch.__version__, "corpus": corpus.name, "corpus_sha256": corpus.sha256,
        "corpus_notices": list(corpus.notices), "corpus_licence": corpus.licence, "corpus_citation": corpus.citation,
        "n_train_pieces": len(corpus.split("train")), "n_test_pieces": len(corpus.split("test")),
    }  # fmt: skip
    card = write_card(request.arm, request.scale, training, evaluation)
    saved = save_checkpoint(
        out, trained.model, arm=request.arm, scale=request.scale,
        training=training, evaluation=evaluation, history=trained.history, card=card,
    )  # fmt: skip
    (out / RESUME).unlink(missing_ok=True)
    return saved


def evaluate_saved(model: DualEncoder, twin: DualEncoder, corpus: Corpus) -> Json:
    """Scores of a model and its untrained twin on the test split, and on the small pool where the corpus has one.

    Raises:
        CorpusError: the test split has too few windows.
    """
    segments = _test_windows(corpus)
    pool = fit_pool(segments, n_queries=TEST_QUERIES)
    device = pick_device()
    models = {"trained": model.to(device).eval(), "untrained": twin.to(device).eval()}
    evaluations = {name: evaluate(network, segments, pool, device=device).record() for name, network in models.items()}
    evaluation = {"split": "test", "n_windows": len(segments), **evaluations}
    if few := small_pool_pieces(corpus.split("test")):
        scores = {name: evaluate_small_pool(network.cpu(), few).record() for name, network in models.items()}
        evaluation |= {"small_pool": {"pieces": [piece.piece_id for piece in few], **scores}}
    return evaluation


def _test_windows(corpus: Corpus) -> list[Segment]:
    return drop_repeated(list_segments(corpus.split("test"), max_per_piece=TEST_WINDOWS_PER_PIECE))


def small_pool_pieces(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The shortest test pieces by different composers that have enough windows: little to render, so anyone can check the score.

    No pieces where the corpus has too few composers.
    """
    shortest: dict[str, Piece] = {}
    for piece in sorted(pieces, key=lambda piece: piece.duration_s):
        if piece.duration_s >= SMALL_POOL_WINDOWS + 4:
            shortest.setdefault(piece.composer, piece)
    chosen = tuple(shortest.values())[:SMALL_POOL_PIECES]
    return chosen if len(chosen) == SMALL_POOL_PIECES else ()


def evaluate_small_pool(model: DualEncoder, pieces: tuple[Piece, ...]) -> Evaluation:
    """Scores on a pool of 64 windows of a few pieces, both with and without overlap in time."""
    segments = drop_repeated(list_segments(pieces, max_per_piece=SMALL_POOL_WINDOWS))
    return evaluate(model, segments, SMALL_POOL, device=torch.device("cpu"))
