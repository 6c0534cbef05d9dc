"""Make demo_durations.csv of the library: when the last note of every performance ends, read from the files."""

import csv
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Read every file, and write what was found."""
    sys.path.insert(0, str(ROOT))
    from analysis.datasets.corpus import list_demo_pieces
    from analysis.datasets.demo_durations import TABLE
    from analysis.datasets.midi import load_notes

    with TABLE.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["piece", "sha256", "end_s"])
        for piece in list_demo_pieces():
            digest = sha256(piece.midi_file.read_bytes()).hexdigest()
            table.writerow([piece.piece_id, digest, repr(load_notes(piece.midi_file).end_s)])


if __name__ == "__main__":
    main()
