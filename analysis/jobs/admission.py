"""Whether a job may start: only if the memory it asked for is there."""

from typing import Literal

from analysis.memory import OutOfMemoryError, bytes_to_words, release_memory

Decision = Literal["start", "wait", "refuse"]


def decide(needs: int, available: int | None, total: int | None, *, others_run: bool) -> Decision:
    """What to do with a job that needs so many bytes, when so many are available and the machine has so many.

    It waits only for jobs of ours that will give memory back. What cannot be told (`None`) holds nobody up.
    """
    if needs <= 0 or available is None or needs <= available:
        return "start"
    could_fit = total is None or needs <= total
    return "wait" if others_run and could_fit else "refuse"


def too_large(needs: int, available: int, device: str) -> str:
    """Why a job cannot start.

    >>> too_large(40_000_000_000, 12_000_000_000, "cpu")
    'This needs 40 GB of memory and 12 GB is available (cpu). Choose a smaller batch, model or corpus, or close other programs.'
    """
    return (
        f"This needs {bytes_to_words(needs)} of memory and {bytes_to_words(available)} is available ({device}). "
        "Choose a smaller batch, model or corpus, or close other programs."
    )


def waiting(needs: int, available: int) -> str:
    """Why a job has not started yet.

    >>> waiting(4_000_000_000, 1_500_000_000)
    'Waiting for memory: 4.0 GB needed, 1.5 GB available until another job ends.'
    """
    return f"Waiting for memory: {bytes_to_words(needs)} needed, {bytes_to_words(available)} available until another job ends."


def admit_to_gpu(needs: int, device: str) -> None:
    """Check, in the worker that owns a CUDA device, that the device has room; other devices share the host's memory.

    Raises:
        OutOfMemoryError: it has not. No other job of ours is on the device, so there is nothing to wait for.
    """
    if needs <= 0 or not device.startswith("cuda"):
        return
    import torch

    release_memory()
    available, total = torch.cuda.mem_get_info(device)
    if decide(needs, available, total, others_run=False) == "refuse":
        raise OutOfMemoryError(too_large(needs, available, device))
