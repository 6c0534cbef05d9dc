"""POP909: arrangements of pop songs as MIDI, rendered here, with annotated beats, chords and keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from analysis import paths
from analysis.datasets.annotation_files import Annotation
from analysis.datasets.annotations import Beats, Chord, Key
from analysis.datasets.corpus_rendering import render_pieces
from analysis.datasets.examined import MOST_LISTED
from analysis.datasets.harmony import mirex_chord, mirex_key
from analysis.datasets.midi import load_notes
from analysis.datasets.piece import UNKNOWN_COMPOSER, Corpus, Piece, split_by_group, summarise
from analysis.datasets.rendering import RENDERER_VERSION
from analysis.datasets.sidecars import marks_of
from analysis.datasets.source import Source
from analysis.errors import CorpusError, MidiError
from analysis.files import is_text
from analysis.fingerprints import UnreadError, file_sha256s
from analysis.run import Progress

BEATS, CHORDS, KEYS = "beat_midi.txt", "chord_midi.txt", "key_audio.txt"
CONDITIONS = "recorded"
LICENCE = "MIDI and annotations: MIT; audio rendered locally"
CITATION = (
    "Wang, Z., Chen, K., Jiang, J., Zhang, Y., Xu, M., Dai, S., Bin, G., & Xia, G. (2020). POP909: A Pop-song Dataset for Music "
    "Arrangement Generation. ISMIR."
)
KEYS_NOTICE = "Keys of POP909 are annotated on the original recordings, whose times differ from the arrangements by seconds."


@dataclass(frozen=True)
class PopSong:
    """Annotations in the folder of a song (`analysis.datasets.annotations.Annotated`); keys have the original's times."""

    folder: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that there are."""
        return tuple(path for name in (BEATS, CHORDS, KEYS) if (path := self.folder / name).is_file())

    def onsets_s(self) -> Float64[ndarray, " onsets"] | None:
        """None: those of the MIDI file are exact."""
        return None

    def beats(self) -> Beats | None:
        """Lines of a time and two marks; the second mark is 1 where a bar of four begins."""
        if (marks := self._marks(BEATS, "list of beats; expected seconds and two numbers")) is None:
            return None
        bars = [mark.start_s for mark in marks if mark.text.startswith("1")]
        return Beats(np.array([mark.start_s for mark in marks], np.float64), np.array(bars, np.float64))

    def keys(self) -> tuple[Key, ...] | None:
        """Lines of start, end and key."""
        marks = self._marks(KEYS, "list of keys; expected start, end and a key")
        return None if marks is None else tuple(Key(mark.start_s, mark.end_s, mirex_key(mark.text)) for mark in marks)

    def chords(self) -> tuple[Chord, ...] | None:
        """Lines of start, end and chord."""
        marks = self._marks(CHORDS, "list of chords; expected start, end and a chord")
        return None if marks is None else tuple(Chord(m.start_s, m.end_s, *mirex_chord(m.text), m.text) for m in marks)

    def _marks(self, name: str, what: str) -> Sequence[Annotation] | None:
        return marks_of(path, what) if (path := self.folder / name).is_file() else None


def load_pop909(
    folder: Path, *, sample_rate: int, seed: int = 0, progress: Progress | None = None, most_new: int | None = None
) -> Corpus:
    """Read `NNN/NNN.mid` with `chord_midi.txt`, `beat_midi.txt` and `key_audio.txt`; the audio is rendered into the cache once.

    Every song is a work, dealt 70/10/20 from `seed`, and has recording conditions as those of the demo corpus.

    Args:
        folder: of the songs.
        sample_rate: of the rendered audio, in Hz.
        seed: deals songs and draws recording conditions.
        progress: told (songs rendered, songs in all, the song just finished).
        most_new: where more songs have no audio yet, none is rendered; None for no limit.

    Raises:
        UnreadError: more than `most_new` songs would have to be rendered.
        CorpusError: there is no song that can be used, or the audio cannot be written.
    """
    songs = _songs(folder)
    homes = split_by_group((song.parent.name for song in songs), seed)
    audio = paths.cache() / "corpus" / f"pop909-{CONDITIONS}-{seed}-{sample_rate}-v{RENDERER_VERSION}"
    listed = [
        Piece(
            name, UNKNOWN_COMPOSER, f"POP909 {name}", name, homes[name], 0.0, audio / f"{name}-{sha256[:12]}.wav", song,
            annotated=PopSong(song.parent),
        )
        for song, sha256 in zip(songs, file_sha256s(songs), strict=True)
        if (name := song.parent.name)
    ]  # fmt: skip
    missing = [piece for piece in listed if not piece.audio_path.is_file()]
    if most_new is not None and len(missing) > most_new:
        raise UnreadError(f"{len(missing)} songs have not been rendered yet.")
    unusable = {piece.piece_id: why for piece in missing if (why := _problem(piece))}
    notices = summarise("Songs left out", (f"{name} ({why})" for name, why in unusable.items()), MOST_LISTED)
    if not (kept := [piece for piece in listed if piece.piece_id not in unusable]):
        raise CorpusError(f"No song of {folder.name} can be used. {' '.join(notices)}")
    pieces = render_pieces(kept, CONDITIONS, seed, sample_rate, progress)
    return Corpus("POP909", pieces, sample_rate, LICENCE, CITATION, (*notices, KEYS_NOTICE))


def _songs(folder: Path) -> list[Path]:
    """MIDI files of songs, sorted."""
    songs = (path / f"{path.name}.mid" for path in sorted(folder.glob("[0-9][0-9][0-9]")) if is_text(path))
    return [song for song in songs if song.is_file()]


def _problem(piece: Piece) -> str:
    """Why its MIDI file cannot be rendered; "" where it can."""
    try:
        load_notes(piece.midi_file)
    except MidiError as error:
        return str(error)
    return ""


def is_pop909(folder: Path) -> bool:
    """Whether a folder holds a song with its chords as POP909 has them."""
    return any((song.parent / CHORDS).is_file() for song in _songs(folder))


SOURCE = Source(
    "pop909",
    "NNN/NNN.mid with chord_midi.txt, beat_midi.txt and key_audio.txt; rendered here",
    is_pop909,
    load_pop909,
    has_beats=lambda folder: any(folder.rglob(BEATS)),
)
