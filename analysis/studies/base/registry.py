"""Every study by name, in the order in which they are shown."""

import importlib

from analysis.errors import ConfigError, shown
from analysis.studies.base.record import Study

PACKAGES = (
    "retrieval", "stems", "replication", "controls", "ablation", "bands", "transposition", "invariance", "similarity", "probes",
    "embedding", "onsets", "beats", "structure", "tokens",
)  # fmt: skip
REGISTERED: dict[str, Study] = {}


def register(study: Study) -> None:
    """Make a study known that is not part of the library; one of the same name takes its place."""
    REGISTERED[study.name] = study


def forget(name: str) -> None:
    """Take back what was registered."""
    REGISTERED.pop(name, None)


def studies() -> tuple[Study, ...]:
    """All studies: those of the library, then what was registered."""
    ours: dict[str, Study] = {name: importlib.import_module(f"analysis.studies.{name}").STUDY for name in PACKAGES}
    return tuple((ours | REGISTERED).values())


def study_names() -> tuple[str, ...]:
    """Names of all studies."""
    return tuple(study.name for study in studies())


def find_study(name: str) -> Study:
    """The study of a name, also of one that it had formerly.

    Raises:
        ConfigError: there is no such study.

    >>> find_study("scoreboard").name
    'retrieval'
    """
    for study in studies():
        if name == study.name or name in study.former:
            return study
    raise ConfigError(f"There is no study {shown(name)}: expected one of {', '.join(study_names())}.")
