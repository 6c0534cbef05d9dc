"""The command line. `--json` prints one JSON document on stdout and nothing else; progress goes to stderr.

Exit codes: 0 done, 2 the request is wrong, 1 a fault of ours, 130 stopped by Ctrl-C.
"""

import sys
import time
import traceback
from collections.abc import Sequence

from analysis import paths
from analysis.cli.output import say
from analysis.cli.parser import build_parser
from analysis.errors import Cancelled, OtoscopeError

LOG = "cli.log"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except OtoscopeError as error:
        say(str(error))
        return 2
    except (Cancelled, KeyboardInterrupt):
        say("stopped; what was finished is kept.")
        return 130
    except BrokenPipeError:  # the reader of a pipe had enough
        sys.stderr.close()
        return 0
    except Exception as error:  # noqa: BLE001 - whatever is left is our fault; the user gets a sentence, the log the rest
        say(f"this is a fault of ours ({type(error).__name__}). {_logged(sys.argv)}")
        return 1


def _logged(command: Sequence[str]) -> str:
    """Append the traceback to the log and say where."""
    path = paths.cache() / "logs" / LOG
    try:
        paths.make_cache()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {' '.join(command)}\n{traceback.format_exc()}\n")
    except OSError:
        return traceback.format_exc()
    return f"The details are at the end of {path}; please report them."
