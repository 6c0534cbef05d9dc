"""How a model compares sound with sound: by its own score where it has two towers for it, else by cosine."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from analysis.models.tower import Model
from analysis.readings.reader import Reader

SOUND = "audio"
COSINE, OWN_SCORE = "cosine", "the model's own score"
Score = Callable[[ndarray, ndarray], ndarray]  # rows of anchors, rows of candidates → (anchors, candidates)


def listening(model: Model) -> tuple[str, str, str]:
    """Names of the towers that read anchor and candidate, and how both are compared, in words.

    They are those of the first pair of which both read sound, compared by the model's own score, else the first that reads sound,
    for both, compared by cosine.
    """
    for first, second in model.pairs:
        if {model.towers[name].modality for name in (first, second)} == {SOUND}:
            return first, second, OWN_SCORE
    tower = next(name for name, tower in model.towers.items() if tower.modality == SOUND)
    return tower, tower, COSINE


def cosine(anchors: Float[ndarray, "n width"], candidates: Float[ndarray, "m width"]) -> Float[ndarray, "n m"]:
    """Cosine of every anchor and every candidate; 0 where one of them is 0."""
    both = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in (anchors, candidates))
    first, second = both
    return first @ second.T


def score_of(reader: Reader, words: str) -> Score:
    """The comparison that `listening` names: cosine, or the score of the model of a reader."""
    if words == COSINE:
        return cosine
    device = reader.study_run.device

    @torch.no_grad()
    def score(anchors: ndarray, candidates: ndarray) -> ndarray:
        both = (torch.from_numpy(np.ascontiguousarray(rows)).to(device) for rows in (anchors, candidates))
        return reader.model.score(*both).float().cpu().numpy()

    return score
