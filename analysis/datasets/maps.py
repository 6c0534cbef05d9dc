"""MAPS, piano music on a Disklavier and on sampled pianos: recordings with lists of notes, and what others annotated of them."""

from dataclasses import replace
from pathlib import Path

from analysis.datasets.annotations import Annotated
from analysis.datasets.containers import AUDIO_SUFFIXES
from analysis.datasets.paired_folder import load_paired_folder
from analysis.datasets.piece import UNKNOWN_COMPOSER, Corpus, Piece
from analysis.datasets.sidecars import Sidecars
from analysis.datasets.source import Source
from analysis.run import Progress

LICENCE = "CC BY-NC-SA (MAPS); annotations as stated by their owners"
CITATION = (
    "Emiya, V., Badeau, R., & David, B. (2010). Multipitch estimation of piano sounds using a new probabilistic spectral "
    "smoothness principle. IEEE TASLP 18(6). Beats: Ycart, A., & Benetos, E. (2018), A-MAPS, ISMIR late-breaking demo. Harmony: "
    "Digital and Cognitive Musicology Lab, aligned to the recordings."
)
NOTES = ".tsv"
COMPOSERS = (
    ("alb", "Albéniz"), ("bor", "Borodin"), ("br", "Brahms"), ("chp", "Chopin"), ("deb", "Debussy"),
    ("gra", "Granados"), ("grieg", "Grieg"), ("hay", "Haydn"), ("liz", "Liszt"), ("mendel", "Mendelssohn"),
    ("mos", "Moszkowski"), ("mus", "Mussorgsky"), ("mz", "Mozart"), ("schu", "Schubert"), ("scn", "Schumann"),
    ("ty", "Tchaikovsky"), ("appass", "Beethoven"), ("beet", "Beethoven"), ("elise", "Beethoven"), ("mond", "Beethoven"),
    ("pathetique", "Beethoven"), ("waldstein", "Beethoven"),
)  # fmt: skip
"""How names of works begin at piano-midi.de, from where MAPS has them."""


def load_maps(folder: Path, *, sample_rate: int, progress: Progress | None = None, most_new: int | None = None) -> Corpus:
    """Read `MAPS_MUS-*` recordings with `X.tsv` (onset, offset, pitch, velocity) and a MIDI file of the same stem.

    Takes of one work, such as those of two microphones, share a group; groups are dealt 70/10/20. Beats of A-MAPS and Roman
    numerals beside a recording are its annotations, and its onsets are those of the list of notes. For `progress` and `most_new`
    see `examine_all`.

    Raises:
        UnreadError: more than `most_new` recordings would have to be examined.
        CorpusError: nothing pairs.
    """
    corpus = load_paired_folder(folder, sample_rate=sample_rate, progress=progress, most_new=most_new)
    pieces = tuple(map(_piece, corpus.pieces))
    return replace(corpus, name="MAPS", pieces=pieces, licence=LICENCE, citation=CITATION)


def is_maps(folder: Path) -> bool:
    """Whether a folder holds a recording with its list of notes, named as MAPS names them."""
    recordings = (path for path in folder.glob("MAPS_MUS-*") if path.suffix.lower() in AUDIO_SUFFIXES)
    return any(path.with_suffix(NOTES).is_file() for path in recordings)


def composer_of(piece_id: str) -> str:
    """Whose work it is, by how its name begins; "unknown" where that is not known.

    >>> composer_of("MAPS_MUS-chpn_op33_2_ENSTDkAm"), composer_of("MAPS_MUS-nobody_ENSTDkCl")
    ('Chopin', 'unknown')
    """
    work = piece_id.removeprefix("MAPS_MUS-")
    return next((composer for prefix, composer in COMPOSERS if work.startswith(prefix)), UNKNOWN_COMPOSER)


def _piece(piece: Piece) -> Piece:
    composer = piece.composer if piece.composer != UNKNOWN_COMPOSER else composer_of(piece.piece_id)
    annotated: Annotated = Sidecars(piece.audio_path, NOTES)
    return replace(piece, composer=composer, title=piece.title.removeprefix("MAPS MUS-"), annotated=annotated)


SOURCE = Source("maps", "MAPS_MUS-* recordings with X.tsv of notes and X.*.mid, and annotations beside them", is_maps, load_maps)
