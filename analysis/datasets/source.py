"""A layout in which corpora come as folders: how it is recognised, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from analysis.datasets.piece import Corpus
from analysis.datasets.sidecars import has_beats_beside
from analysis.run import Progress


@runtime_checkable
class Load(Protocol):
    """Reads a folder as a corpus; see `analysis.datasets.examined.examine_all` for `progress` and `most_new`."""

    def __call__(
        self, folder: Path, *, sample_rate: int, progress: Progress | None = None, most_new: int | None = None
    ) -> Corpus: ...


@dataclass(frozen=True)
class Source:
    """One layout of folders.

    Attributes:
        name: what the layout is called.
        summary: what lies where, in a sentence.
        recognises: whether a folder has this layout; cheap, nothing is decoded.
        load: reads it.
        has_stems: whether recordings of a folder have stems; as cheap.
        has_beats: whether beats of recordings of a folder are annotated; as cheap.
    """

    name: str
    summary: str
    recognises: Callable[[Path], bool]
    load: Load
    has_stems: Callable[[Path], bool] = lambda _: False
    has_beats: Callable[[Path], bool] = has_beats_beside
