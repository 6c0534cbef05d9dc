"""What a study measured of one model, of a pair, or of none, as the store keeps it; the answer for many is put together."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TypeVar

from analysis.errors import ConfigError
from analysis.files import JsonObject
from analysis.models.arms import ARMS
from analysis.models.checkpoint import Checkpoint
from analysis.readings.study_run import Answer, StudyRun
from analysis.results import SCHEMA_VERSION, Result
from analysis.rows import tables_of
from analysis.store import Store, StoreError
from analysis.studies.base.measurement import About, Measurement, about_value, put_together
from analysis.studies.base.record import Study
from analysis.studies.base.settings import AnyRequest

GROUNDWORK = "groundwork."  # in front of the names of arrays that no answer holds
KIND = "kind"  # at the beginning of what is stored, so that nobody takes it for a whole result
Keep = Callable[[About, Measurement, float], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Parts:
    """The parts of one answer.

    Attributes:
        study: whose answer it is.
        request: what is asked; which checkpoints it names does not matter to a part.
        checkpoints: by name, in the order in which they are asked about.
        corpus_sha256: of the corpus.
        device: kind of device, such as "cpu".
    """

    study: Study
    request: AnyRequest
    checkpoints: Mapping[str, Checkpoint]
    corpus_sha256: str
    device: str

    @cached_property
    def pairs(self) -> list[About]:
        """Every two checkpoints that the study compares: in the order of the table of arms, then of their names."""
        return in_pairs(self.checkpoints) if self.study.compares else []

    @property
    def mixed(self) -> bool:
        """Whether its models were made for windows of different lengths."""
        return StudyRun.window_s_of(self.checkpoints.values()) > StudyRun.stretch_s_of(self.checkpoints.values())

    @property
    def needed(self) -> list[About]:
        """All parts of the answer, in its order: what all share, where that is a part, every checkpoint, every two."""
        return [*([()] if self.study.shares else []), *((name,) for name in self.checkpoints), *self.pairs]

    def key(self, about: About) -> str:
        """Where the part of one checkpoint, of two or of none is kept.

        Weights, configuration and training decide the numbers of a checkpoint and of its untrained twin; the rows hold its name.
        What all share depends on how long the windows are that they read; where models of several lengths stand beside each
        other, so does everything.
        """
        models = [self.checkpoints[name] for name in about]
        settings = {name: value for name, value in asdict(self.request).items() if name != "checkpoints"}
        lengths = {"window_s": StudyRun.window_s_of(self.checkpoints.values())} if not about or self.mixed else {}
        lengths |= {"stretch_s": StudyRun.stretch_s_of(self.checkpoints.values())} if self.mixed else {}
        return Store.key(
            kind="part", study=self.study.name, settings=settings, code=self.study.code, schema=SCHEMA_VERSION,
            models=[[model.name, model.key, model.training] for model in models],
            corpus=self.corpus_sha256, device=self.device, **lengths,
        )  # fmt: skip

    def read(self, about: About, store: Store) -> Result | None:
        """A part as it was kept; None where it was not."""
        if (entry := store.get(self.key(about))) is None:
            return None
        return Result.from_document({name: of for name, of in entry.document.items() if name != KIND}, entry.arrays)

    def keep(self, about: About, part: Measurement, provenance: JsonObject, store: Store) -> Result:
        """A part as a result that nobody has put into words yet, which the store gets where there is room."""
        request = asdict(self.request) | {"checkpoints": list(about)}
        arrays = {**part.arrays, **{f"{GROUNDWORK}{name}": array for name, array in part.groundwork.items()}}
        result = Result(self.study.name, request, "", part.values, tables_of(part.rows), arrays, provenance)
        with suppress(StoreError):
            store.put(self.key(about), {KIND: "part", **result.to_document()}, result.arrays)
        return result


def in_pairs(checkpoints: Mapping[str, Checkpoint]) -> list[About]:
    """Every two checkpoints, in the order of the table of arms, then of their names: the same, however they were asked about."""
    order = {arm: number for number, arm in enumerate(ARMS)}
    names = sorted(checkpoints, key=lambda name: (order.get(checkpoints[name].arm, len(order)), name))
    return list(combinations(names, 2))


def measurement_of(study: Study, result: Result) -> Measurement:
    """What was measured for a result or for a part, row by row of the study's classes, without what was concluded from it.

    Raises:
        ConfigError: a table has other columns than its class.
    """
    rows = [row for kind in study.rows if not kind.concluded for row in result.rows(kind)]
    arrays = {name: array for name, array in result.arrays.items() if not name.startswith(GROUNDWORK)}
    groundwork = {name.removeprefix(GROUNDWORK): array for name, array in result.arrays.items() if name not in arrays}
    return Measurement([value for value in result.values if about_value(value)], rows, arrays, groundwork)


def assembled(parts: Parts, store: Store) -> tuple[Answer, list[Result]] | None:
    """The answer put together from what is kept, with the parts; None where a part is missing or does not fit the others."""
    if not parts.study.has_parts:
        return None
    kept = [parts.read(about, store) for about in parts.needed]
    if not all(kept):
        return None
    results = [part for part in kept if part is not None]
    try:
        return conclude(parts, [measurement_of(parts.study, part) for part in results]), results
    except ConfigError:  # such as of another corpus of the same name
        return None


def conclude(parts: Parts, measurements: Sequence[Measurement]) -> Answer:
    """What holds of all checkpoints together.

    Raises:
        ConfigError: the parts do not fit each other.
    """
    return parts.study.module.conclude(parts.request, parts.checkpoints, put_together(measurements))


def compute(
    parts: Parts, study_run: StudyRun, known: Mapping[About, Measurement], keep: Keep, *, together: bool = False
) -> list[Measurement]:
    """All parts of the answer, in its order: those that are known, and the others computed.

    With a store every model and every pair has its turn, so that what was measured before somebody stops it is kept. Without
    one, or where a study makes what is dear for all models at once, they have it together.

    Args:
        parts: of the answer.
        study_run: where the study works; all checkpoints are on it.
        known: parts that need not be computed.
        keep: told of every part that was computed, and of the seconds that it took.
        together: whether all models are to read the same windows, however long those are for which each was made.

    Raises:
        OtoscopeError: the corpus or a checkpoint cannot be used.
        Cancelled: somebody asked to stop.
    """
    study_run, parts_of = _telling_once(study_run), dict(known)
    together = together or parts.mixed
    missing = [name for name in parts.checkpoints if (name,) not in known]
    pairs = [pair for pair in parts.pairs if pair not in known]
    shares, apart = parts.study.shares and () not in known, study_run.store is not None
    sharing, measuring, comparing = _stages(study_run, [shares, bool(missing), bool(pairs)])
    if shares:
        parts_of[()], seconds = _shared(parts, sharing)
        keep((), parts_of[()], seconds)
    turns = _turns(missing, apart=apart and not together and not parts.study.together)
    for number, names in enumerate(turns):
        part, of = measuring.part(number, len(turns)), {name: parts.checkpoints[name] for name in names}
        for name, measured, seconds in _measured(parts, replace(part, checkpoints=of), parts_of.get(())):
            parts_of[name,] = measured
            keep((name,), measured, seconds)
    singles = put_together(parts_of[about] for about in parts.needed if len(about) < 2) if pairs else Measurement()
    turns = _turns(pairs, apart=apart)
    for number, some in enumerate(turns):
        began, part = time.monotonic(), comparing.part(number, len(turns))
        compared = parts.study.module.compare(parts.request, part, some, singles)
        for pair in some:
            parts_of[pair] = compared.about(*pair)
            keep(pair, parts_of[pair], (time.monotonic() - began) / len(some))
    return [parts_of[about] for about in parts.needed]


def _turns(items: Sequence[T], *, apart: bool) -> list[Sequence[T]]:
    """One after the other, or all at once; none where there is nothing."""
    return [[item] for item in items] if apart else [items] if items else []


def _stages(study_run: StudyRun, needed: Sequence[bool]) -> list[StudyRun]:
    """The run in every stage; those that are needed are parts of the progress, all alike."""
    return [
        study_run.part(sum(needed[:number]), sum(needed)) if has_work else study_run for number, has_work in enumerate(needed)
    ]


def _shared(parts: Parts, study_run: StudyRun) -> tuple[Measurement, float]:
    """What is about no checkpoint, with the seconds that it took."""
    began = time.monotonic()
    shared = parts.study.module.share(parts.request, study_run)
    _refuse_shared_values(shared)
    return shared, time.monotonic() - began


def _measured(parts: Parts, study_run: StudyRun, shared: Measurement | None) -> Iterator[tuple[str, Measurement, float]]:
    """The parts of the checkpoints of a run, with the seconds that each took; what is shared is in none where it has its own."""
    began = time.monotonic()
    given = () if shared is None else (shared,)
    measured = parts.study.module.measure(parts.request, study_run, *given)
    _refuse_shared_values(measured)
    seconds = (time.monotonic() - began) / len(study_run.checkpoints)
    for name in study_run.checkpoints:
        yield name, put_together([*([measured.about()] if shared is None else []), measured.about(name)]), seconds


def _telling_once(study_run: StudyRun) -> StudyRun:
    """The same run, which says no sentence twice: every model finds again what all share, such as a pool that shrank."""
    heard: set[str] = set()

    def notice(sentence: str) -> None:
        if sentence not in heard:
            heard.add(sentence)
            study_run.notice(sentence)

    return replace(study_run, context=replace(study_run.context, notice=notice))


def _refuse_shared_values(measured: Measurement) -> None:
    """A value that is of no checkpoint belongs to what is concluded, and would be lost where parts are put together."""
    if loose := [value.name for value in measured.values if not about_value(value)]:
        raise ConfigError(f"The values {', '.join(loose)} are of no checkpoint; expected them from `conclude`, not `measure`.")


def run(study: Study, request: AnyRequest, study_run: StudyRun) -> Answer:
    """The answer of a study with what a run is given; nothing of it is kept."""
    if not study.has_parts:
        return study.module.run(request, study_run)
    parts = Parts(study, request, study_run.checkpoints, study_run.corpus.sha256, study_run.device.type)
    return conclude(parts, compute(parts, study_run, {}, lambda *_: None))
