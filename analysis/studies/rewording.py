"""Today's words for a result that is kept: its headline and the sentences below it, from the numbers that it holds."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from analysis.models.arms import proper
from analysis.results import Result
from analysis.studies.ablation import study as ablation
from analysis.studies.controls import words as controls_words
from analysis.studies.embedding import study as embedding
from analysis.studies.embedding.modalities import GAP
from analysis.studies.invariance import answer as invariance_answer
from analysis.studies.invariance.answer import Measured, Response
from analysis.studies.replication import words as replication_words
from analysis.studies.retrieval import study as retrieval
from analysis.studies.similarity import words as similarity_words
from analysis.studies.stress.changes import CHANGES
from analysis.studies.transposition import answer as transposition_answer

Names = tuple[str, ...]
Words = tuple[str, list[dict[str, str]]]


def reworded(result: Result, arms: Mapping[str, str]) -> Result:
    """The result with the headline and the sentences that today's code makes of its values and tables.

    No number is computed anew. What bands and probes say needs more than a result holds: they stay as they are.

    Args:
        result: as it was kept.
        arms: name of a checkpoint → its arm; controls among them are not ranked.
    """
    if (words := WORDS.get(result.study)) is None:
        return result
    names = proper({name: arms[name] for name in result.request["checkpoints"]})
    headline, sentences = words(result, names)
    return replace(result, headline=headline, tables={**result.tables, "sentences": sentences})


def _one(headline: str, sentence: str) -> Words:
    return headline, [{"text": sentence}]


def _pool_size(result: Result, name: str = "candidates") -> int:
    return int(result.arrays[name].shape[1])


def _retrieval(result: Result, names: Names) -> Words:
    about = result.values, names, result.tables["pairs"]
    return _one(retrieval.headline(*about, _pool_size(result, "candidates.0")), retrieval.details(*about))


def _replication(result: Result, _: Names) -> Words:
    tables = result.tables
    about = tables["arms"], tables["pairs"], tables["runs"], int(result.request["evaluation_seeds"])
    more = replication_words.details(*about, len(tables["windows"]))
    return _one(replication_words.headline(*about, _pool_size(result)), more)


def _controls(result: Result, _: Names) -> Words:
    about = result.tables["scores"], result.tables["differences"]
    return controls_words.headline(*about, _pool_size(result)), controls_words.details(*about)


def _ablation(result: Result, names: Names) -> Words:
    rows = [dict(row) for row in result.tables["ablation"]]
    return _one(ablation.headline(rows, names, _pool_size(result)), ablation.details(rows, names))


def _similarity(result: Result, names: Names) -> Words:
    summary, differences = ([dict(row) for row in result.tables[name]] for name in ("summary", "differences"))
    about = summary, differences, str(result.request["measure"]), names
    return _one(similarity_words.headline(*about), similarity_words.details(*about))


def _embedding(result: Result, names: Names) -> Words:
    layer, rows = str(result.request["layer"]), result.tables["measures"]
    gap_p = {row["checkpoint"]: row["p"] for row in rows if (row["measure"], row["weights"]) == (GAP, "trained")}
    said = embedding.headline(result.values, names, layer)
    return _one(said, embedding.details(result.values, names, layer, gap_p))


def _transposition(result: Result, names: Names) -> Words:
    sizes = sorted({int(row["semitones"]) for row in result.tables["retention"]})
    about = result.values, names, sizes, str(result.tables["pools"][0]["short"])
    return _one(transposition_answer.headline(*about), transposition_answer.details(*about))


def _invariance(result: Result, names: Names) -> Words:
    by_name, changes = {value.name: value for value in result.values}, {change.name: change for change in CHANGES}
    end = ", unaltered: S"
    plain = {name.removesuffix(end): value for name, value in by_name.items() if name.endswith(end)}
    nothing, measured = np.zeros((2, 0), np.int64), []
    for row in result.tables["scores"]:
        change = changes[row["change"]]
        one = Response(row["checkpoint"], row["weights"], change, row["dose"], nothing, nothing, np.zeros((0, 0), np.float32), {})
        if one.is_change:
            score, drop, distance = (by_name[f"{one.label}: {what}"] for what in ("S", "drop in S", "distance moved"))
            measured.append(Measured(one, score, drop, distance, []))
    pool = str(result.tables["pools"][0]["short"])
    more = invariance_answer.details(plain, measured, names, f" among {pool}")
    return _one(invariance_answer.headline(plain, measured, names, _pool_size(result)), more)


WORDS: dict[str, Callable[[Result, Names], Words]] = {
    "retrieval": _retrieval, "replication": _replication, "controls": _controls, "ablation": _ablation,
    "similarity": _similarity, "embedding": _embedding, "transposition": _transposition, "invariance": _invariance,
}  # fmt: skip
