"""Every family of models by name: the modules of this package whose names end in `_family`, so that a new one is one new file.

They are found by these names and imported when they are asked for; a list here would change the code of all that reads models.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.errors import CheckpointError, ConfigError, OtoscopeError, shown
from analysis.files import Json
from analysis.sources import code_of

if TYPE_CHECKING:
    from analysis.models.architecture import Flow
    from analysis.models.tower import Model

Config = Any  # what a configuration is, its family alone knows
SUFFIX = "_family"
USUAL = "dual"  # of configurations that name no family
FOLDER = "folder"


class ModelRef(NamedTuple):
    """What a checkpoint is identified by, wherever it lies.

    Attributes:
        family: name of its family.
        source: kind of place its weights are from, with their name there if it has one: "folder" for folders of ours.
        revision: of the source; "" where it has none.
        sha256: of the weights.
    """

    family: str
    source: str
    revision: str
    sha256: str


@dataclass(frozen=True, eq=False)
class Family:
    """One kind of model. What its configuration is, only its own functions know.

    Attributes:
        name: in configurations and keys.
        title: as tables call it.
        module: where it is written; its code, with all that it imports, is a part of keys.
        presets: names of the configurations that come with it.
        preset: the configuration of a name; raises ConfigError for another.
        samples: presets that between them have every kind of tap and are small enough for tests.
        parse: (the whole `config.json`, its name for errors) → configuration, found sound before anything is built; raises
            CheckpointError.
        read: what `config.json` keeps under "model" → configuration, known to be sound.
        to_dict: the way back.
        build: (configuration, seed) → an untrained model.
        outline: configuration → a model without memory for its tensors.
        n_tokens: configuration → tokens of one window where it has most of them; decides how many are read at once.
        window_bytes: configuration → activations of one window at the widest place.
        count: configuration → parameters by part and in "total".
        flow: configuration → what it is made of; None where nobody drew it.
        twin: (configuration, seed, the trained model if it is called) → the untrained twin; None for `build`.
        recipe: command by which it is trained here; None where it is not.
        card: configuration → what a card says of it, words by title.
        multiply_adds: configuration → multiplications of one pass of its audio tower over one window, every attention pattern
            once more to be looked at; None for a bound by parameters and tokens.
        token_width: configuration → numbers of a token of its audio tower; None for the width of its embedding.
        has_arms: whether its configurations are arms of `analysis.models.arms`, into which descriptors may enter.
        others: modules that it finds by name, which are part of its code.
    """

    name: str
    title: str
    module: str
    presets: Callable[[], tuple[str, ...]]
    preset: Callable[[str], Config]
    samples: tuple[str, ...]
    parse: Callable[[Json, str], Config]
    read: Callable[[Json], Config]
    to_dict: Callable[[Config], Json]
    build: "Callable[[Config, int], Model]"
    outline: "Callable[[Config], Model]"
    n_tokens: Callable[[Config], int]
    window_bytes: Callable[[Config], int]
    count: Callable[[Config], Mapping[str, int]]
    flow: "Callable[[Config], Flow] | None" = None
    twin: "Callable[[Config, int, Callable[[], Model]], Model] | None" = None
    recipe: str | None = None
    card: Callable[[Config], Mapping[str, str]] | None = None
    multiply_adds: Callable[[Config], int] | None = None
    token_width: Callable[[Config], int] | None = None
    has_arms: bool = False
    others: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """Version of its code."""
        return code_of(self.module, *self.others)

    def untrained(self, config: Config, seed: int, trained: "Callable[[], Model]") -> "Model":
        """The model of a configuration after zero steps; `trained` gives the trained one to a family whose twins need it."""
        return self.build(config, seed) if self.twin is None else self.twin(config, seed, trained)


class Described(NamedTuple):
    """What a configuration describes: what it is made of, parameters by part, words of a card by title."""

    flow: "Flow | None" = None
    parameters: Mapping[str, int] | None = None
    card: Mapping[str, str] = MappingProxyType({})


REGISTERED: dict[str, Family] = {}


def register(family: Family) -> None:
    """Make a family known that is not part of the library; one of the same name takes its place."""
    REGISTERED[family.name] = family
    outline_of.cache_clear()


def forget(name: str) -> None:
    """Take back what was registered."""
    REGISTERED.pop(name, None)
    outline_of.cache_clear()


def family_names() -> tuple[str, ...]:
    """Names of all families: those of the library, then what was registered."""
    return tuple(dict.fromkeys((*_modules(), *REGISTERED)))


@cache
def _modules() -> dict[str, str]:
    """Names and modules of the families of the library, the usual one first."""
    package = importlib.import_module(__package__ or "")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.name.endswith(SUFFIX))
    modules = {name.removesuffix(SUFFIX): f"{package.__name__}.{name}" for name in names}
    return {USUAL: modules[USUAL], **modules}


def find_family(name: str) -> Family:
    """The family of a name.

    Raises:
        ConfigError: there is no such family.

    >>> find_family("dual").title
    'dual encoder'
    """
    if name in REGISTERED:
        return REGISTERED[name]
    if name not in _modules():
        raise ConfigError(f"Unknown family {shown(name)}: expected one of {', '.join(family_names())}.")
    return importlib.import_module(_modules()[name]).FAMILY


def find_preset(name: str) -> tuple[Family, Config] | None:
    """The family that has a preset of that name, and the configuration; None where no family has.

    >>> find_preset("D0-small")[0].name
    'dual'
    """
    for family in map(find_family, family_names()):
        if name in family.presets():
            return family, family.preset(name)
    return None


def find_arm(arm: str, scale: str) -> tuple[Family, Config]:
    """The family that has an arm, with the configuration of the arm at a scale; presets are called by both, as in "D0-small".

    Raises:
        ConfigError: no family has that arm, or the arm has not that scale.

    >>> find_arm("D0", "paper")[0].name
    'dual'
    """
    if (preset := find_preset(f"{arm}-{scale}")) is not None:
        return preset
    scales: dict[str, list[str]] = {}
    for name in (name for family in map(find_family, family_names()) for name in family.presets() if "-" in name):
        scales.setdefault(name.rpartition("-")[0], []).append(name.rpartition("-")[2])
    if arm not in scales:
        raise ConfigError(f"Unknown arm {shown(arm)}: expected one of {', '.join(scales)}.")
    raise ConfigError(f"Unknown scale {shown(scale)} of {arm}: expected one of {', '.join(scales[arm])}.")


def describe_model(family: str, values: Json) -> Described:
    """What the model of a family is that `values` describe, as `Family.to_dict` does; nothing where they describe none."""
    try:
        known = find_family(family)
        config = known.read(values)
    except OtoscopeError:
        return Described()
    card = {} if known.card is None else known.card(config)
    return Described(None if known.flow is None else known.flow(config), dict(known.count(config)), card)


def parse_model(raw: Json, label: str) -> tuple[Family, Config]:
    """The family that a `config.json` names, and the configuration of its model.

    Raises:
        CheckpointError: the family is not known, or what is described is no sound model of it.
    """
    name = raw.get("family", USUAL)
    if not isinstance(name, str) or name not in family_names():
        raise CheckpointError(
            f"{label} is of unknown family {shown(name)}: expected one of {', '.join(family_names())}, or none for {USUAL}."
        )
    family = find_family(name)
    return family, family.parse(raw, label)


@lru_cache(maxsize=64)
def outline_of(family: str, described: str) -> "Model":
    """The outline of the model that a text in JSON describes, as `Family.to_dict` does; to be looked at and never changed."""
    known = find_family(family)
    return known.outline(known.read(json.loads(described)))
