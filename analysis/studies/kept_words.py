"""What rewording a kept result takes in every study."""

from analysis.results import Result
from analysis.studies.base.record import Words
from analysis.studies.shared_rows import SentenceRow


def in_one(headline: str, sentence: str) -> Words:
    """A headline with one sentence below it."""
    return headline, [SentenceRow(sentence)]


def pool_size(result: Result, name: str = "candidates") -> int:
    """Candidates of every query, from the array that holds them."""
    return int(result.arrays[name].shape[1])
