"""What a study measured of one model, of a pair, or of none, as the store keeps it; the answer for many is put together."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any

from analysis.errors import ConfigError
from analysis.models.arms import ARMS
from analysis.models.checkpoint import Checkpoint
from analysis.readings.study_run import Answer, StudyRun
from analysis.results import SCHEMA_VERSION, Result
from analysis.rows import tables_of
from analysis.store import Store, StoreError
from analysis.studies.base.measurement import About, Measurement, about_value, put_together
from analysis.studies.base.record import Study

GROUNDWORK = "groundwork."  # in front of the names of arrays that no answer holds
KIND = "kind"  # at the beginning of what is stored, so that nobody takes it for a whole result
Keep = Callable[[About, Measurement, float], None]


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
    request: Any
    checkpoints: Mapping[str, Checkpoint]
    corpus_sha256: str
    device: str

    @cached_property
    def pairs(self) -> list[About]:
        """Every two checkpoints that the study compares: in the order of the table of arms, then of their names."""
        return in_pairs(self.checkpoints) if self.study.compares else []

    @property
    def needed(self) -> list[About]:
        """All parts of the answer, in its order: what all share, where that is a part, every checkpoint, every two."""
        return [*([()] if self.study.shares else []), *((name,) for name in self.checkpoints), *self.pairs]

    def key(self, about: About) -> str:
        """Where the part of one checkpoint, of two or of none is kept.

        Weights, configuration and training decide the numbers of a checkpoint and of its untrained twin; the rows hold its name.
        What all share depends on how long the windows are that they read.
        """
        models = [self.checkpoints[name] for name in about]
        settings = {name: value for name, value in asdict(self.request).items() if name != "checkpoints"}
        lengths = {"window_s": StudyRun.window_s_of(self.checkpoints.values())} if not about else {}
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

    def keep(self, about: About, part: Measurement, provenance: Mapping[str, Any], store: Store) -> Result:
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


def compute(parts: Parts, study_run: StudyRun, known: Mapping[About, Measurement], keep: Keep) -> list[Measurement]:
    """All parts of the answer, in its order: those that are known, and the others computed together.

    Args:
        parts: of the answer.
        study_run: where the study works; all checkpoints are on it.
        known: parts that need not be computed.
        keep: told of every part that was computed, and of the seconds that it took.

    Raises:
        OtoscopeError: the corpus or a checkpoint cannot be used.
        Cancelled: somebody asked to stop.
    """
    module, parts_of = parts.study.module, dict(known)
    missing = {name: checkpoint for name, checkpoint in parts.checkpoints.items() if (name,) not in known}
    pairs, shares = [pair for pair in parts.pairs if pair not in known], parts.study.shares
    stages = [
        *(["share"] if shares and () not in known else []),
        *(["measure"] if missing else []),
        *(["compare"] if pairs else []),
    ]
    runs = {stage: study_run.part(number, len(stages)) for number, stage in enumerate(stages)}
    if "share" in runs:
        began = time.monotonic()
        parts_of[()] = module.share(parts.request, runs["share"])
        _refuse_shared_values(parts_of[()])
        keep((), parts_of[()], time.monotonic() - began)
    if missing:
        began = time.monotonic()
        given = (parts_of[()],) if shares else ()
        measured = module.measure(parts.request, replace(runs["measure"], checkpoints=missing), *given)
        _refuse_shared_values(measured)
        for name in missing:
            parts_of[name,] = measured.about(name) if shares else put_together([measured.about(), measured.about(name)])
            keep((name,), parts_of[name,], (time.monotonic() - began) / len(missing))
    if pairs:
        began = time.monotonic()
        singles = put_together(parts_of[about] for about in parts.needed if len(about) < 2)
        compared = module.compare(parts.request, runs["compare"], pairs, singles)
        for pair in pairs:
            parts_of[pair] = compared.about(*pair)
            keep(pair, parts_of[pair], (time.monotonic() - began) / len(pairs))
    return [parts_of[about] for about in parts.needed]


def _refuse_shared_values(measured: Measurement) -> None:
    """A value that is of no checkpoint belongs to what is concluded, and would be lost where parts are put together."""
    if loose := [value.name for value in measured.values if not about_value(value)]:
        raise ConfigError(f"The values {', '.join(loose)} are of no checkpoint; expected them from `conclude`, not `measure`.")


def run(study: Study, request: Any, study_run: StudyRun) -> Answer:
    """The answer of a study with what a run is given; nothing of it is kept."""
    if not study.has_parts:
        return study.module.run(request, study_run)
    parts = Parts(study, request, study_run.checkpoints, study_run.corpus.sha256, study_run.device.type)
    return conclude(parts, compute(parts, study_run, {}, lambda *_: None))
