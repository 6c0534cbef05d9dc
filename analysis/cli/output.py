"""What commands print: one document, or lines; a progress bar on stderr."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tqdm import tqdm


def emit(options: argparse.Namespace, document: Any, lines: Sequence[str]) -> None:
    """Print the document with `--json`, else the lines."""
    print(json.dumps(document, indent=2, allow_nan=False) if options.json else "\n".join(lines))


def progress_bar(label: str) -> Callable[[int, int, str], None]:
    """A bar that is told (done, total, what)."""
    bar = tqdm(desc=label, file=sys.stderr, unit="", dynamic_ncols=True)

    def update(done: int, total: int, what: str) -> None:
        if total != bar.total or done < bar.n:
            bar.reset(total)
        bar.set_postfix_str(what, refresh=False)
        bar.update(done - bar.n)

    return update


def say(sentence: str) -> None:
    """A notice for the person at the screen."""
    tqdm.write(f"otoscope: {sentence}", file=sys.stderr)
