"""What this study says of a result that is kept, from the numbers that it holds."""

import numpy as np

from analysis.results import Result
from analysis.studies.invariance import answer as invariance_answer
from analysis.studies.invariance.answer import Measured, Response
from analysis.studies.kept_words import in_one, pool_size
from analysis.studies.record import Names, Words
from analysis.studies.stress.changes import CHANGES


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
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
    return in_one(invariance_answer.headline(plain, measured, names, pool_size(result)), more)
