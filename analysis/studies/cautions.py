"""What a reader is told below the headline of a result, before its numbers."""

from analysis.measures.resampling import FEWEST_WORKS
from analysis.results import Result
from analysis.studies.pools.words import pools_of
from analysis.studies.shared_rows import SentenceRow

FEW_WORKS = 5
CORPUS_NOTICES = "corpus_notices"
WINDOWS_READ = "windows_read"  # in the provenance: the length of the windows in seconds, and at how many Hz models read sound


def cautions(result: Result) -> list[str]:
    """Sentences to stand below the headline: that there are few works, and in which pools S was searched, if in any.

    >>> cautions(Result("probes", {}, "Headline.", [], {}, {}, {"n_works": 3}))
    ['Only 3 works: an interval over so few holds the truth less often than 95 times in 100. Take a larger corpus.']
    """
    pools = [row.sentence for row in pools_of(result)]
    return [*_few_works(result.provenance.get("n_works")), *pools, *result.provenance.get(CORPUS_NOTICES, ())]


def sentences(result: Result) -> list[str]:
    """What a study found beyond its headline, to stand below it before the cautions; none where the headline says it all.

    >>> sentences(Result("bands", {}, "Headline.", [], {"sentences": [{"text": "Farthest of others: a."}]}, {}, {}))
    ['Farthest of others: a.']
    """
    return [row.text for row in result.rows(SentenceRow)]


def _few_works(works: object) -> list[str]:
    if not isinstance(works, int) or works >= FEW_WORKS:
        return []
    if works < 2:
        return ["Only one work: there is no interval over works. Take a larger corpus."]
    if works < FEWEST_WORKS:
        return [f"Only {works} works: there is no interval over fewer than {FEWEST_WORKS}. Take a larger corpus."]
    return [f"Only {works} works: an interval over so few holds the truth less often than 95 times in 100. Take a larger corpus."]
