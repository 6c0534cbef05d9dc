"""Every directory and every environment variable, in one place."""

import os
from contextlib import suppress
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


def make_cache() -> None:
    """Make the cache folder, which holds recordings and whole command lines, for its owner alone.

    A folder that `$OTOSCOPE_CACHE` names and that is there already keeps the permissions that somebody gave it.
    """
    folder = cache()
    with suppress(OSError):  # whoever writes there next says why that cannot be
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        elif not os.environ.get(CACHE_VARIABLE) and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)


def imported_checkpoints() -> Path:
    """Where checkpoints that were imported through the dashboard or the command line live."""
    return cache() / "checkpoints"


def checkpoint_roots() -> tuple[Path, ...]:
    """Folders searched for checkpoints: the shipped one, the imported ones, then those in `$OTOSCOPE_CHECKPOINTS`."""
    configured = os.environ.get(CHECKPOINTS_VARIABLE, "")
    extra = [Path(part).expanduser() for part in configured.split(os.pathsep) if part]
    return (repository() / "checkpoints", imported_checkpoints(), *extra)
