"""Every directory and every environment variable, in one place."""

import os
from pathlib import Path

CHECKPOINTS_VARIABLE = "OTOSCOPE_CHECKPOINTS"
CACHE_VARIABLE = "OTOSCOPE_CACHE"
INSECURE_VARIABLE = "OTOSCOPE_INSECURE"
NAMES_VARIABLE = "OTOSCOPE_NAMES"  # under which browsers reach the dashboard, with commas between


def repository() -> Path:
    """The folder that holds `analysis/`, `app/` and `checkpoints/`."""
    return Path(__file__).resolve().parent.parent


def cache() -> Path:
    """Where rendered audio, stored results and imported checkpoints live: `$OTOSCOPE_CACHE`, else `~/.cache/otoscope`."""
    configured = os.environ.get(CACHE_VARIABLE)
    return Path(configured).expanduser() if configured else Path.home() / ".cache" / "otoscope"


def imported_checkpoints() -> Path:
    """Where checkpoints that were imported through the dashboard or the command line live."""
    return cache() / "checkpoints"


def checkpoint_roots() -> tuple[Path, ...]:
    """Folders searched for checkpoints: the shipped one, the imported ones, then those in `$OTOSCOPE_CHECKPOINTS`."""
    configured = os.environ.get(CHECKPOINTS_VARIABLE, "")
    extra = [Path(part).expanduser() for part in configured.split(os.pathsep) if part]
    return (repository() / "checkpoints", imported_checkpoints(), *extra)
