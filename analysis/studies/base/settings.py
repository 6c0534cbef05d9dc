"""What a setting of a study may be: written beside it in the request, and checked before anything is opened, since it may come
from an address in a browser.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass
from typing import Annotated, Any, ClassVar, Protocol, get_type_hints, runtime_checkable

from analysis.errors import ConfigError, shown
from analysis.models.poolings import POOLINGS

LONGEST_TEXT = 2_000
LARGEST_SEED = 2**63 - 1
SPLITS = ("train", "validation", "test", "all")


@runtime_checkable
class AnyRequest(Protocol):
    """What every request to a study has, which is a frozen dataclass of the study's own."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def checkpoints(self) -> tuple[str, ...]: ...
    @property
    def corpus(self) -> str: ...
    @property
    def seed(self) -> int: ...


@dataclass(frozen=True)
class Setting:
    """Stands in the annotation of a field, as in `n: Annotated[int, Setting("how many", 1, 100)] = 10`.

    Attributes:
        help: what it does, in a sentence.
        least: smallest value of a number.
        most: largest value of a number: beyond it a study would take days, or more memory than it asks for.
        words: what a text may be; any text if empty.
        label: what it is called where people read it; its name if empty.
    """

    help: str
    least: float = 0
    most: float = 1_000_000
    words: tuple[str, ...] = ()
    label: str = ""


Split = Annotated[str, Setting("Part of the corpus; “all” is right for a folder on which nothing was trained.", words=SPLITS)]
WindowsPerPiece = Annotated[int, Setting("At most so many windows of every piece, evenly spread.", 1, 2_000)]
Pooled = Annotated[
    str,
    Setting(
        "How tokens become a row per window; a class token, or parts by band or moment, only where all towers have them.",
        words=POOLINGS,
    ),
]
Seed = Annotated[int, Setting("Of everything that is drawn.", -LARGEST_SEED, LARGEST_SEED)]


def settings_of(request: type) -> Mapping[str, Setting]:
    """What is said of the fields of a request, by name; a field that says nothing may be anything of its kind.

    >>> from analysis.studies.pools.request import PoolRequest
    >>> settings_of(PoolRequest)["pool_size"].least
    2
    """
    hints = get_type_hints(request, include_extras=True)
    settings = {
        name: [annotation for annotation in getattr(hint, "__metadata__", ()) if isinstance(annotation, Setting)]
        for name, hint in hints.items()
    }
    return {name: of_field[0] if of_field else Setting("") for name, of_field in settings.items()}


def setting_label(request: type, name: str) -> str:
    """What a setting is called where people read it; one that does not exist any more by its name.

    >>> from analysis.studies.pools.request import PoolRequest
    >>> setting_label(PoolRequest, "n_queries"), setting_label(PoolRequest, "pool_size"), setting_label(PoolRequest, "old_one")
    ('queries', 'pool size', 'old one')
    """
    setting = settings_of(request).get(name)
    return (setting and setting.label) or name.replace("_", " ")


def refuse_setting(study: str, request: type, key: str, value: object) -> None:
    """Refuse a value that no run could use.

    Args:
        study: its name.
        request: the class of its requests.
        key: name of the setting.
        value: of the kind that the setting has.

    Raises:
        ConfigError: a number is not finite or out of range, a text is too long or none of the words that it may be.
    """
    setting = settings_of(request)[key]
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise ConfigError(f"{key} of {study} has {len(value):,} characters; expected at most {LONGEST_TEXT:,}.")
        if setting.words and value not in setting.words:
            what = f"There is no split {shown(value)}" if key == "split" else f"{key} is {shown(value)}"
            words = [repr(word) if " " in word else word for word in setting.words]  # some have a comma in them
            raise ConfigError(f"{what}; expected one of {', '.join(words)}.")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if not setting.least <= value <= setting.most:  # which is also what NaN and infinity are not
            expected = f"expected a number from {setting.least:,} to {setting.most:,}"
            raise ConfigError(f"{key} of {study} is {shown(value)}; {expected}.")
