"""Stems that come as files: which can be used, and what is to be said of the others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from analysis.datasets.examined import MOST_LISTED, examine_all
from analysis.datasets.piece import summarise
from analysis.datasets.stems import Stem
from analysis.run import Progress


def examine_stems(
    stems: Mapping[str, Sequence[Stem]], *, progress: Progress | None = None, most_new: int | None = None
) -> tuple[dict[str, tuple[Stem, ...]], tuple[str, ...]]:
    """The stems of every recording that can be used, by the recording's name, and notices that name the others.

    A stem is left out where a file of it cannot be read, or none is heard from its beginning to its end; of several files those
    in which nothing is heard are left out. For `progress` and `most_new` see `examine_all`.

    Raises:
        UnreadError: more than `most_new` files would have to be examined.
    """
    files = {path: None for of_piece in stems.values() for stem in of_piece for path in stem.audio_paths}
    findings = examine_all(files, progress=progress, most_new=most_new)
    kept: dict[str, tuple[Stem, ...]] = {}
    unusable: list[str] = []
    for name, of_piece in stems.items():
        usable: list[Stem] = []
        for stem in of_piece:
            heard = tuple(path for path in stem.audio_paths if not findings[path].problem)
            bad = next((findings[path].bad_audio for path in stem.audio_paths if findings[path].bad_audio), "")
            if heard and not bad:
                usable.append(replace(stem, audio_paths=heard))
            else:
                unusable.append(f"{name} {stem.name} ({(bad or findings[stem.audio_paths[0]].soundless).rstrip('.')})")
        kept[name] = tuple(usable)
    return kept, summarise("Stems left out", unusable, MOST_LISTED)
