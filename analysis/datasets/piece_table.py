"""pieces.csv: what the files of a folder do not say of themselves."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from analysis.datasets.piece import SPLITS, Piece
from analysis.errors import CorpusError
from analysis.files import replaced

PIECE_TABLE = "pieces.csv"
COLUMNS = ("name", "composer", "title", "work", "split")


@dataclass(frozen=True)
class Described:
    """A row about the files of one name; what is not known is empty."""

    composer: str = ""
    title: str = ""
    work: str = ""
    split: str = ""


def read_piece_table(folder: Path) -> dict[str, Described]:
    """Rows of `pieces.csv` by the name of the files without suffix; none where there is no such file.

    Columns: `name`, and any of `composer`, `title`, `work` (takes of one work share it) and `split`; others are ignored.

    Raises:
        CorpusError: it is no CSV in UTF-8, has no column `name`, names a piece twice, or gives a split to some pieces only.
    """
    path = folder / PIECE_TABLE
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{PIECE_TABLE} of {folder.name} cannot be read as CSV in UTF-8 ({error}). Save it again.") from error
    table: dict[str, Described] = {}
    for row in rows:
        cells = {key: (row.get(key) or "").strip() for key in COLUMNS}
        name = cells.pop("name")
        if not name or name in table:
            problem = f"names {name!r} twice" if name else "has a row without a name, or no column “name”"
            raise CorpusError(f"{PIECE_TABLE} of {folder.name} {problem}; expected one row per piece. Correct it.")
        table[name] = Described(**cells)
    _refuse_splits(folder, table)
    return table


def _refuse_splits(folder: Path, table: dict[str, Described]) -> None:
    given = {row.split for row in table.values()}
    if wrong := sorted(given - {"", *SPLITS}):
        raise CorpusError(f"{PIECE_TABLE} of {folder.name} has the split {wrong[0]!r}; expected {', '.join(SPLITS)}.")
    if "" in given and len(given) > 1:
        missing = next(name for name, row in table.items() if not row.split)
        raise CorpusError(f"{PIECE_TABLE} of {folder.name} gives no split to {missing!r}; expected one for every piece, or none.")


def write_piece_table(folder: Path, pieces: Iterable[Piece]) -> None:
    """Write what `read_piece_table` reads, in one step."""
    with replaced(folder / PIECE_TABLE) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((piece.piece_id, piece.composer, piece.title, piece.group, piece.split) for piece in pieces)
