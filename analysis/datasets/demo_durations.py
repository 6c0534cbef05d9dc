"""How long the performances of the demo corpus last: from a table that came with the library, else from the files themselves.

Reading the notes of all 110 files takes seconds, and every list of pieces needs to know how long they are.
"""

import csv
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from analysis.datasets.midi import load_notes

TABLE = Path(__file__).with_suffix(".csv")


@lru_cache(maxsize=256)
def end_s(midi_path: Path) -> float:
    """Time at which the last note of a MIDI file ends, in seconds; a file whose bytes are not in the table is read.

    Raises:
        MidiError: it is not in the table and cannot be read.
        OSError: it is not there.
    """
    known = _table().get(sha256(midi_path.read_bytes()).hexdigest())
    return load_notes(midi_path).end_s if known is None else known


@cache
def _table() -> dict[str, float]:
    """SHA-256 of a file → the end of its last note in seconds; `tests/golden/make_demo_durations.py` writes it."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return {digest: float(seconds) for _, digest, seconds in rows}
