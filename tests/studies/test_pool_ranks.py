"""What is ranked before a match is the nearest of the wrong windows, in both directions."""

import numpy as np
import pytest

from analysis.datasets.pools import Pools
from analysis.studies.pools.ranks import best_wrong, both_ranks

N, QUERIES, SIZE = 30, 7, 9


@pytest.fixture
def pool(rng: np.random.Generator) -> Pools:
    query = np.sort(rng.choice(N, QUERIES, replace=False))
    others = [rng.permutation([i for i in range(N) if i != one])[: SIZE - 1] for one in query]
    candidates = np.concatenate([query[:, None], np.stack(others)], axis=1)
    return Pools(query, candidates, np.zeros(candidates.shape, np.int8))


def test_the_best_wrong_window_is_that_of_a_literal_search(pool: Pools, rng: np.random.Generator) -> None:
    audio, midi = rng.standard_normal((2, N, 5))
    windows, closeness = best_wrong(audio, midi, pool)
    for way, (asks, answers) in enumerate(((audio, midi), (midi, audio))):
        for i, query in enumerate(pool.query):
            cosines = {
                int(j): float(asks[query] @ answers[j] / np.linalg.norm(asks[query]) / np.linalg.norm(answers[j]))
                for j in pool.candidates[i, 1:]
            }
            assert windows[way, i] == max(cosines, key=lambda j: cosines[j])
            assert closeness[way, i] == pytest.approx(max(cosines.values()))
    assert (windows != pool.query).all()


def test_it_is_ranked_before_the_match_where_that_is_missed_and_only_there(pool: Pools, rng: np.random.Generator) -> None:
    audio = rng.standard_normal((N, 5))
    midi = audio + 1.5 * rng.standard_normal((N, 5))
    found, (windows, _) = both_ranks(audio, midi, pool), best_wrong(audio, midi, pool)
    unit = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in (audio, midi)]
    for way in (0, 1):
        asks, answers = unit[way], unit[1 - way]
        for i, query in enumerate(pool.query):
            beaten = asks[query] @ answers[windows[way, i]] >= asks[query] @ answers[query]
            assert beaten == (found[way, i] > 1)
    assert 0 < (found > 1).sum() < found.size


def test_what_is_no_number_comes_first(pool: Pools, rng: np.random.Generator) -> None:
    audio, midi = rng.standard_normal((2, N, 5))
    broken = int(pool.candidates[2, 4])
    midi[broken] = np.nan
    assert best_wrong(audio, midi, pool)[0][0, 2] == broken
