"""Train an arm on a corpus, examine it on the test split, and write the checkpoint with its card."""

import dataclasses
from pathlib import Path

import torch

from analysis.datasets.piece import Corpus
from analysis.models.checkpoint import Checkpoint, half_precision, save_checkpoint
from analysis.run import Metrics, Progress, ignore
from analysis.training.devices import pick_device
from analysis.training.examination import evaluate_trained, write_whole_card
from analysis.training.loop import RESUME, TrainRequest, train


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
    objective, (family, config) = request.objective, request.model
    objective.refuse_test_split(corpus, request)  # so that a corpus that cannot be scored is refused before training
    trained = train(request, corpus, out, resume=resume, progress=progress, metrics=metrics)
    if progress:
        progress(request.steps, request.steps, "trained; scoring it and its untrained twin on the split test")
    trained.model.load_state_dict(half_precision(trained.model.state_dict()))
    twin = family.untrained(config, request.seed, lambda: trained.model)
    evaluation = evaluate_trained(objective, trained.model, twin, corpus)
    training = {
        **dataclasses.asdict(request), "best_step": trained.best_step, "minutes": round(trained.minutes, 1),
        "device": str(pick_device()), "torch": torch.__version__, "corpus": corpus.name, "corpus_sha256": corpus.sha256,
        "corpus_notices": list(corpus.notices), "corpus_licence": corpus.licence, "corpus_citation": corpus.citation,
        "n_train_pieces": len(corpus.split("train")), "n_test_pieces": len(corpus.split("test")),
        "n_train_works": len({piece.group for piece in corpus.split("train")}),
    }  # fmt: skip
    card = write_whole_card(objective, request.arm, request.scale, training, evaluation)
    saved = save_checkpoint(
        out, trained.model, arm=request.arm, scale=request.scale,
        training=training, evaluation=evaluation, history=trained.history, card=card,
    )  # fmt: skip
    (out / RESUME).unlink(missing_ok=True)
    return saved
