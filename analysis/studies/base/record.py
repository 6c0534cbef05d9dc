"""What a study is, in one record: found by name everywhere, so that a new one is one package and one row."""

import importlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from analysis.rows import Row
from analysis.sources import code_of
from analysis.studies.base.needs import Needs, refusal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.models.checkpoint import Checkpoint
    from analysis.results import Result
    from analysis.studies.base.settings import AnyRequest

Ours = Iterator[tuple[str, str, str, str]]  # checkpoint, condition, measure as published, our number in words


@dataclass(frozen=True)
class Cost:
    """What a study takes on two CPU cores.

    Attributes:
        small_s: seconds per checkpoint with its untrained twin, on the small corpus with the usual settings.
        full_s: the same on the full corpus; folders are taken to be as long.
        small_share: of a battery on the small corpus, in any unit that all studies share.
        full_share: of a battery on other corpora.
    """

    small_s: float
    full_s: float
    small_share: float
    full_share: float

    def seconds(self, corpus: str, n_checkpoints: int) -> float:
        """An estimate of a study by itself."""
        return n_checkpoints * (self.small_s if corpus.startswith("small") else self.full_s)

    def share(self, corpus: str) -> float:
        """What it takes of a battery."""
        return self.small_share if corpus.startswith("small") else self.full_share


@dataclass(frozen=True)
class Study:
    """One question, and by name the modules of its package that answer it; they are imported when they are asked for.

    The package holds `study.py` (`Request`, a frozen dataclass whose first field is `checkpoints`, and `run(request, study_run)`,
    or `measure`, `conclude` and perhaps `share` and `compare`, see `analysis.studies.base.measurement`); where there is
    something to say `rows.py` (`ROWS`, the classes of the rows of its tables), `figures.py` (`draw`), `published.py` (`ours`)
    and `memory.py` (`extra_bytes`).

    Attributes:
        name: in commands, addresses and stored results.
        title: what pages call it.
        question: that it answers.
        package: where its modules are.
        cost: what it takes.
        needs: which models it can serve.
        small: settings with which it enters a battery on the small corpus.
        quick: settings with which results that are to be shipped are computed where time is short.
        interval: kind of its 95 % intervals, unless an estimator names another.
        former: names that it had; they still find it.
        together: whether it makes for all models at once what is dear, such as altered sound, and is therefore not measured
            model by model; what it reads is kept all the same.
        usual: shipped checkpoints that its page shows as long as nobody has chosen otherwise; () for the four arms.
        demo: kind of the demo corpora that it needs, such as "hands": where "small" is asked for it reads "small-hands".
    """

    name: str
    title: str
    question: str
    package: str
    cost: Cost
    needs: Needs = field(default_factory=Needs)
    small: Mapping[str, object] = field(default_factory=dict)
    quick: Mapping[str, object] = field(default_factory=dict)
    interval: str = "bootstrap over works"
    former: tuple[str, ...] = ()
    together: bool = False
    usual: tuple[str, ...] = ()
    demo: str = ""

    @property
    def module(self) -> ModuleType:
        """The module with `Request` and `run`."""
        return importlib.import_module(f"{self.package}.study")

    @property
    def has_parts(self) -> bool:
        """Whether it measures every checkpoint by itself, see `analysis.studies.base.measurement`."""
        return hasattr(self.module, "conclude")

    @property
    def shares(self) -> bool:
        """Whether what is about no checkpoint is a part of its own."""
        return hasattr(self.module, "share")

    @property
    def compares(self) -> bool:
        """Whether it compares every two checkpoints."""
        return hasattr(self.module, "compare")

    @property
    def code(self) -> str:
        """Version of its code: of the module and of all that it imports; figures and pages are no part of it."""
        return code_of(f"{self.package}.study")

    @property
    def request(self) -> type:
        """The class of its requests."""
        return self.module.Request

    @property
    def rows(self) -> tuple[type[Row], ...]:
        """The classes of the rows of its tables."""
        return self._part("rows", "ROWS", ())

    @property
    def has_demo(self) -> bool:
        """Whether demo corpora hold what it needs, so that a result can come with the checkpoints."""
        return self.refusal((), self.request(checkpoints=())) is None

    def refusal(self, checkpoints: "Sequence[Checkpoint]", request: "AnyRequest | None" = None) -> str | None:
        """A sentence on why it cannot be made of these checkpoints, or not as a request asks; None where it can."""
        return refusal(self.title, self.needs, checkpoints, request)

    def draw(self, result: "Result") -> "list[tuple[str, Figure]]":
        """Print figures of a result with a caption each; none where there is nothing to draw."""
        return self._part("figures", "draw", lambda _: [])(result)

    def ours(self, result: "Result") -> Ours:
        """What a result says where others have published a number."""
        return self._part("published", "ours", lambda _: iter(()))(result)

    def arms(self, result: "Result") -> Mapping[str, str]:
        """Checkpoint → the arm of which its number counts, where the study knows better than the checkpoint: of a control the
        arm that it controls, of further trainings that are not here their arm.
        """
        return self._part("published", "arms", lambda _: {})(result)

    def extra_bytes(self, request: "AnyRequest", n_windows: int, width: int) -> int:
        """What it holds beside models and embeddings of so many windows, of so many numbers each."""
        return self._part("memory", "extra_bytes", lambda *_: 0)(request, n_windows, width)

    def _part(self, module: str, part: str, otherwise: Any) -> Any:
        name = f"{self.package}.{module}"
        return getattr(importlib.import_module(name), part, otherwise) if importlib.util.find_spec(name) else otherwise
