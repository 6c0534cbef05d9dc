"""Half the batch when memory runs out."""

import gc
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis import memory
from analysis.errors import Cancelled
from analysis.memory import OutOfMemoryError, halving, is_out_of_memory, release_memory
from analysis.run import RunContext


def limited(fits: int, tried: list[int]):
    def attempt(size: int) -> int:
        tried.append(size)
        if size > fits:
            raise MemoryError
        return size

    return attempt


@given(st.integers(1, 4096), st.integers(1, 4096), st.none() | st.integers(1, 4096))
def test_halved_until_it_fits_and_no_further(batch_size: int, fits: int, limit: int | None) -> None:
    tried: list[int] = []
    context = RunContext(batch_size_limit=limit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "release_memory", lambda: None)  # slow, and tested below
        size = halving(batch_size, limited(fits, tried), context)
    assert tried[0] == min(batch_size, limit or batch_size)
    assert tried[1:] == [before // 2 for before in tried[:-1]]
    assert size == tried[-1] <= fits
    assert all(attempt > fits for attempt in tried[:-1])
    assert context.batch_size_limit == (size if len(tried) > 1 else limit)


def test_every_step_down_is_told() -> None:
    told: list[str] = []
    halving(10, limited(2, []), RunContext(notice=told.append))
    assert told == [
        "Memory ran out; going on with 5 per batch instead of 10.",
        "Memory ran out; going on with 2 per batch instead of 5.",
    ]


def test_the_smaller_size_lasts() -> None:
    context, tried = RunContext(), []
    halving(64, limited(16, []), context)
    halving(64, limited(16, tried), context)
    assert tried == [16]


def test_a_batch_of_one_that_does_not_fit_is_the_end() -> None:
    with pytest.raises(OutOfMemoryError, match=r"not enough memory even for a batch of one. Choose a smaller model"):
        halving(4, limited(0, []), RunContext())


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("shapes do not match")])
def test_other_errors_pass(error: Exception) -> None:
    tried: list[int] = []

    def attempt(size: int) -> None:
        tried.append(size)
        raise error

    with pytest.raises(type(error)):
        halving(8, attempt, RunContext())
    assert tried == [8]


def test_a_batch_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        halving(0, limited(1, []), RunContext())


def test_cancelling_stops_the_search() -> None:
    context, tried = RunContext(), []

    def attempt(size: int) -> None:
        tried.append(size)
        context.cancel.request()
        raise MemoryError

    with pytest.raises(Cancelled):
        halving(8, attempt, context)
    assert tried == [8]


def test_what_the_failed_attempt_held_is_free_before_the_next() -> None:
    held: list[weakref.ref[np.ndarray]] = []

    def attempt(size: int) -> int:
        assert all(reference() is None for reference in held)
        block = np.zeros(size)
        cycle: list[object] = [block]
        cycle.append(cycle)
        held.append(weakref.ref(block))
        if size > 2:
            raise MemoryError
        return len(block)

    gc.disable()
    try:
        assert halving(16, attempt, RunContext()) == 2
    finally:
        gc.enable()


def test_real_allocation_failures_are_recognised() -> None:
    with pytest.raises(RuntimeError) as by_torch:
        torch.empty(2**50, dtype=torch.uint8)
    with pytest.raises(MemoryError) as by_numpy:
        np.empty(2**50)
    assert is_out_of_memory(by_torch.value)
    assert is_out_of_memory(by_numpy.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"))
    assert not is_out_of_memory(RuntimeError("Storage size calculation overflowed with sizes=[4611686018427387904]"))
    assert not is_out_of_memory(ValueError("out of memory"))


def test_memory_can_be_released_at_any_time() -> None:
    release_memory()
