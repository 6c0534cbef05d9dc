"""What a model is made of, part by part, in the order in which a window passes through it; whichever family it is of.

Nothing here knows a family: parts are a list, each names the parts that it reads, and a module beside each model makes the list
(`analysis.models.dual_encoder_flow`).
"""

from dataclasses import asdict, dataclass
from typing import Literal

from analysis.errors import ConfigError

Kind = Literal["input", "descriptor", "network", "join", "pooling", "head", "embedding"]
VECTOR = "vector"


@dataclass(frozen=True)
class Part:
    """One part of a model and what it hands on.

    Attributes:
        name: different from that of every other part.
        kind: what it does: "join" is where a descriptor enters.
        side: "audio", "midi", or "joint" for what both sides have.
        tokens: positions that it hands on for one window; None where there are as many as the window has notes.
        unit: what one position is, such as "CNN frame"; "vector" where there is one for the window.
        width: numbers per position.
        parameters: trained numbers, counted on the model.
        details: what else is known of it, a few words each.
        sources: names of the parts that it reads, all of them earlier in the list.
        replaced: whether it stands in the place of a descriptor, as in a parameter-matched control.
    """

    name: str
    kind: Kind
    side: str
    tokens: int | None
    unit: str
    width: int
    parameters: int = 0
    details: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    replaced: bool = False

    @property
    def shape(self) -> str:
        """What it hands on, in words.

        >>> Part("CNN", "network", "audio", 2400, "CNN frame", 1024).shape
        '2,400 CNN frames × 1,024'
        >>> Part("notes", "input", "midi", None, "note", 3).shape, Part("mean", "pooling", "midi", 1, "vector", 128).shape
        ('notes × 3', '128 numbers')
        >>> Part("waveform", "input", "audio", 96_000, "sample", 1).shape
        '96,000 samples'
        """
        if self.unit == VECTOR:
            return f"{self.width:,} {'number' if self.width == 1 else 'numbers'}"
        positions = f"{self.unit}s" if self.tokens is None else f"{self.tokens:,} {self.unit}s"
        return positions if self.width == 1 else f"{positions} × {self.width:,}"

    @property
    def counted(self) -> str:
        """Its parameters in words; "" where it has none.

        >>> Part("blocks", "network", "midi", None, "note", 128, 793_088).counted
        '793,088 parameters'
        """
        return f"{self.parameters:,} parameters" if self.parameters else ""


@dataclass(frozen=True)
class Flow:
    """A model as a flow of parts.

    Attributes:
        parts: from the inputs to the embedding.
        notes: what is worth knowing of the whole; a sentence each.

    Raises:
        ConfigError: two parts have one name, or a part reads one that does not come before it.
    """

    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known: set[str] = set()
        for part in self.parts:
            if part.name in known:
                raise ConfigError(f"Two parts are called {part.name!r}; expected a name of its own for each.")
            if unknown := [name for name in part.sources if name not in known]:
                raise ConfigError(f"{part.name} reads {unknown[0]!r}, which does not come before it. List its sources first.")
            known.add(part.name)

    @property
    def total(self) -> int:
        """Parameters of all parts."""
        return sum(part.parameters for part in self.parts)

    def part(self, name: str) -> Part:
        """The part of that name.

        Raises:
            ConfigError: there is none.
        """
        by_name = {part.name: part for part in self.parts}
        if name not in by_name:
            raise ConfigError(f"There is no part {name!r}: expected one of {', '.join(by_name)}.")
        return by_name[name]

    def rows(self) -> list[dict[str, object]]:
        """One record per part, with its shape in words."""
        return [{**asdict(part), "shape": part.shape} for part in self.parts]


def flow_lines(flow: Flow) -> list[str]:
    """The flow as text: every part with what it hands on, its parameters, what is known of it and what it reads."""
    names, shapes = (max((len(getattr(part, field)) for part in flow.parts), default=0) for field in ("name", "shape"))
    lines = []
    for part in flow.parts:
        details = list(part.details) + ([f"reads {' and '.join(part.sources)}"] if len(part.sources) > 1 else [])
        count = f"{part.parameters:,}" if part.parameters else "–"
        lines.append(f"{part.side:6} {part.name:{names}}  {part.shape:{shapes}} {count:>12}  {'; '.join(details)}".rstrip())
    return [*lines, *flow.notes]
