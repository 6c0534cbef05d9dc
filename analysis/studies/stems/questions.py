"""What is asked: of every window an anchor and its positive, drawn anew in every partition, and wrong candidates beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, Int64
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.datasets.stem_windows import StemWindow
from analysis.datasets.stems import draw_parts
from analysis.seeding import numpy_generator
from analysis.studies.stems.rows import CANDIDATES, HARD, NEGATIVES, OTHER_WORKS, Negatives

MOST_STEMS = 62  # that the bits of a number hold
ANCHORS, POSITIVES = "anchors", "positives"  # names of arrays
WRONG: Mapping[Negatives, str] = {OTHER_WORKS: "wrong_other_works", HARD: "wrong_hard"}
NONE = -1  # in place of a wrong candidate where there is none left


@dataclass(frozen=True, eq=False)
class Questions:
    """Stems as the bits of a number, and candidates as numbers of windows.

    Attributes:
        anchor: stems of the anchor, (partitions, windows).
        positive: stems of the candidate that every window gives, (partitions, windows): the right one for its own anchor.
        wrong: by where they are from, wrong candidates in the order in which they count, (partitions, windows, 63); −1 for none.
    """

    anchor: Int64[ndarray, "partitions windows"]
    positive: Int64[ndarray, "partitions windows"]
    wrong: Mapping[Negatives, Int32[ndarray, "partitions windows candidates"]]

    def sizes(self, negatives: Negatives) -> list[int]:
        """Numbers of candidates for which every anchor has wrong ones enough."""
        fewest = int((self.wrong[negatives] >= 0).sum(axis=2).min())
        return [size for size in CANDIDATES if size - 1 <= fewest]

    def arrays(self) -> dict[str, ndarray]:
        """All of it by names of arrays."""
        return {ANCHORS: self.anchor, POSITIVES: self.positive, **{WRONG[name]: of for name, of in self.wrong.items()}}

    @classmethod
    def of(cls, arrays: Mapping[str, ndarray]) -> "Questions":
        """From what `arrays` gave."""
        return cls(arrays[ANCHORS], arrays[POSITIVES], {name: arrays[array] for name, array in WRONG.items()})


def draw_questions(windows: Sequence[StemWindow], partitions: int, seed: int) -> Questions:
    """Questions of every window in so many partitions; the same windows and seed give the same.

    Wrong candidates are drawn without repetition: of other works, or, the hard ones, in turn of the same work, where windows that
    do not overlap the anchor's are left, and of other works.
    """
    anchor, positive = (np.zeros((partitions, len(windows)), np.int64) for _ in range(2))
    n_wrong = max(CANDIDATES) - 1
    wrong: dict[Negatives, ndarray] = {name: np.full((partitions, len(windows), n_wrong), NONE, np.int32) for name in NEGATIVES}
    groups, pieces = (np.array(names) for names in zip(*(_whose(window.segment) for window in windows), strict=True))
    starts_s = np.array([window.segment.start_s for window in windows])
    for number, window in enumerate(windows):
        near = np.abs(starts_s - starts_s[number]) < window.segment.duration_s
        apart, other = ~near | (pieces != pieces[number]), groups != groups[number]
        for partition in range(partitions):
            whose = window.segment.piece.piece_id, f"{window.segment.start_s:g}", str(partition)
            parts = draw_parts(window.sounding, numpy_generator(seed, "parts of stems", *whose))
            anchor[partition, number], positive[partition, number] = (_bits(window.segment, names) for names in parts)
            order = numpy_generator(seed, "wrong stems", *whose).permutation(len(windows))
            strange = order[other[order]]
            own = order[~other[order] & apart[order]]
            ordered: dict[Negatives, ndarray] = {OTHER_WORKS: strange, HARD: _in_turn(own, strange)}
            for name, numbers in ordered.items():
                wrong[name][partition, number, : len(numbers)] = numbers[:n_wrong]
    return Questions(anchor, positive, wrong)


def stem_names(segment: Segment, bits: int) -> tuple[str, ...]:
    """Names of the stems that the bits of a number stand for."""
    return tuple(stem.name for number, stem in enumerate(segment.piece.stems) if bits >> number & 1)


def _bits(segment: Segment, names: Sequence[str]) -> int:
    return sum(1 << number for number, stem in enumerate(segment.piece.stems) if stem.name in names)


def _whose(segment: Segment) -> tuple[str, str]:
    """Its work and its recording."""
    return segment.piece.group, segment.piece.piece_id


def _in_turn(first: ndarray, second: ndarray) -> ndarray:
    """Both, one of each in turn as long as both last, then what is left of the longer.

    >>> _in_turn(np.array([1, 2]), np.array([7, 8, 9])).tolist()
    [1, 7, 2, 8, 9]
    """
    n = min(len(first), len(second))
    paired = np.stack([first[:n], second[:n]], axis=1).ravel()
    return np.concatenate([paired, first[n:], second[n:]])
