"""Every directory and every environment variable, in one place."""

import os
from pathlib import Path

CHECKPOINTS_VARIABLE = "OTOSCOPE_CHECKPOINTS"
CACHE_VARIABLE = "OTOSCOPE_CACHE"


def repository() -> Path:
    """The folder that holds `analysis/`, `app/` and `checkpoints/`."""
    return Path(__file__).resolve().parent.parent


def cache() -> Path:
    """Where rendered audio lives: `$OTOSCOPE_CACHE`, else `~/.cache/otoscope`."""
    configured = os.environ.get(CACHE_VARIABLE)
    return Path(configured).expanduser() if configured else Path.home() / ".cache" / "otoscope"


def checkpoint_roots() -> tuple[Path, ...]:
    """Folders searched for checkpoints: the shipped one, then those in `$OTOSCOPE_CHECKPOINTS`."""
    configured = os.environ.get(CHECKPOINTS_VARIABLE, "")
    extra = [Path(part).expanduser() for part in configured.split(os.pathsep) if part]
    return (repository() / "checkpoints", *extra)
