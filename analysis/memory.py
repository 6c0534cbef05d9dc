"""Running out of memory: how it is recognised, how memory is given back, and half the batch as the answer."""

import ctypes
import gc
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from analysis.errors import OtoscopeError
from analysis.run import RunContext

# What libraries say in a plain RuntimeError when an allocation fails.
ALLOCATION_FAILURES = ("can't allocate memory", "not enough memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED")

T = TypeVar("T")


class OutOfMemoryError(OtoscopeError):
    """There is not enough memory, not even for a batch of one."""


def bytes_to_words(n: int) -> str:
    """An amount of memory as a person says it.

    >>> [bytes_to_words(n) for n in (250_000, 12_400_000, 3_210_000_000, 139_000_000_000)]
    ['0.2 MB', '12 MB', '3.2 GB', '139 GB']
    """
    value, unit = (n / 1e9, "GB") if n >= 999_500_000 else (n / 1e6, "MB")
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that an allocation failed, on any device."""
    if isinstance(error, MemoryError):
        return True
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    return type(error) is RuntimeError and any(words in str(error) for words in ALLOCATION_FAILURES)


def release_memory() -> None:
    """Give unused memory back to the system and to the accelerator's driver."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if torch is not None and torch.backends.mps.is_available():
        torch.mps.empty_cache()
    with suppress(AttributeError, OSError):  # glibc alone keeps freed memory, and alone has the call
        ctypes.CDLL(None).malloc_trim(0)


def halving(batch_size: int, function: Callable[[int], T], context: RunContext) -> T:
    """`function(batch_size)`, repeated with half the batch as long as memory runs out.

    The size that fits stays the limit for the rest of the job.

    Args:
        batch_size: the size to begin with, if the limit of the context allows it.
        function: called with the batch size; it begins anew at every call.
        context: asked for its limit and for cancellation, told about every smaller batch.

    Raises:
        OutOfMemoryError: a batch of one does not fit.
        ValueError: the batch size is below 1.
        Cancelled: the user asked to stop.
    """
    if batch_size < 1:
        raise ValueError(f"Expected a batch size of at least 1, got {batch_size}.")
    size = min(batch_size, context.batch_size_limit or batch_size)
    while True:
        context.cancel.check()
        try:
            return function(size)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            if size == 1:
                raise OutOfMemoryError(
                    "There is not enough memory even for a batch of one. "
                    "Choose a smaller model, a shorter recording or another device, or close other programs."
                ) from error
        # Only here, with the exception gone, are the arrays of its frames free.
        release_memory()
        larger, size = size, size // 2
        context.batch_size_limit = size
        context.notice(f"Memory ran out; going on with {size} per batch instead of {larger}.")
