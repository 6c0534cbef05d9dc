"""What commands print: one document, or lines; a progress bar on stderr."""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from analysis.errors import ConfigError
from analysis.files import printable, replaced

SEEN_S, UNSEEN_S = 0.1, 10.0  # from line to line of a bar that is watched, or that nobody watches


def emit(options: argparse.Namespace, document: object, lines: Sequence[str]) -> None:
    """Print the document with `--json`, else the lines."""
    print(json.dumps(document, indent=2, allow_nan=False) if options.json else printable("\n".join(lines)))


def progress_bar(label: str) -> Callable[[int, int, str], None]:
    """A bar that is told (done, total, what); where it goes into a file, a line when something else begins, else now and then."""
    bar, begun, is_seen = None, "", sys.stderr.isatty()

    def update(done: int, total: int, what: str) -> None:
        nonlocal bar, begun
        bar = bar or tqdm(desc=label, file=sys.stderr, unit="", dynamic_ncols=True, mininterval=SEEN_S if is_seen else UNSEEN_S)
        if total != bar.total or done < bar.n:
            bar.reset(total)
        is_due = done == bar.n if is_seen else what != begun  # what goes on is told also where nothing more is done
        bar.set_postfix_str(what, refresh=is_due)
        begun = what
        bar.update(done - bar.n)

    return update


def say(sentence: str) -> None:
    """A sentence for the person at the screen, clear of any bar."""
    tqdm.write(f"otoscope: {printable(sentence)}", file=sys.stderr)


def made_folder(path: Path) -> Path:
    """The folder, made where it is missing.

    Raises:
        ConfigError: it cannot be one.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{path} cannot be a folder to write into ({error.strerror}). Choose another --out.") from error
    return path


def copy_once(source: Path, target: Path) -> None:
    """Copy a file in one step; what is there already with the same size is kept."""
    if target.is_file() and target.stat().st_size == source.stat().st_size:
        return
    with replaced(target) as partial:
        shutil.copyfile(source, partial)
