"""What every study is: a frozen request, a run under a progress bar that can be cancelled, a result that is stored.

A study module offers `Request`, a frozen dataclass whose first field is `checkpoints`, and
`run(request, study_run) -> Answer`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from analysis import paths
from analysis.datasets.corpora import open_corpus
from analysis.datasets.piece import Corpus
from analysis.errors import CheckpointError, ConfigError, shown
from analysis.files import Json, JsonObject, home_expanded, is_folder, printable
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.readings.study_run import Answer, StudyRun
from analysis.results import SCHEMA_VERSION, Result, provenance
from analysis.rows import tables_of
from analysis.run import RunContext
from analysis.store import Store, StoreError
from analysis.studies.base.measurement import About, Measurement, UnlikePartsError
from analysis.studies.base.parts import Parts, assembled, compute, conclude, measurement_of
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import command_of
from analysis.studies.base.settings import AnyRequest
from analysis.studies.cautions import CORPUS_NOTICES, WINDOWS_READ
from analysis.studies.listings import known_corpus_sha256, remember_listing
from analysis.training.loop import pick_device

Tables = Mapping[str, Sequence[JsonObject]]
STUDY_CODE = "study_code"  # in the provenance: the version of the study, without that of everything else
MODEL_CODE = "model_code"  # the versions of the families of its checkpoints


def find_checkpoint(name: str) -> Checkpoint:
    """The checkpoint of that name in the checkpoint folders, else the folder itself.

    Raises:
        CheckpointError: there is none, or it cannot be opened.
    """
    for root in paths.checkpoint_roots():
        if name and Path(name).name == name and is_folder(root / name):
            return open_checkpoint(root / name)
    folder = home_expanded(name)
    if not name or not is_folder(folder):
        known = sorted({printable(path.parent.name) for root in paths.checkpoint_roots() for path in root.glob("*/config.json")})
        raise CheckpointError(
            f"There is no checkpoint {shown(name)}: expected a folder, or one of {', '.join(known) or 'none yet'}."
        )
    return open_checkpoint(folder)


@dataclass(frozen=True)
class Identity:
    """What decides the numbers of a study."""

    study: str
    request: AnyRequest
    checkpoints: Mapping[str, Checkpoint]
    corpus_sha256: str
    device: torch.device
    code: str

    @property
    def checkpoint_sha256s(self) -> dict[str, str]:
        """SHA-256 of the weights, by name of the checkpoint."""
        return {name: checkpoint.sha256 for name, checkpoint in self.checkpoints.items()}

    @property
    def parts(self) -> Parts:
        """Of which the answer is put together."""
        return Parts(find_study(self.study), self.request, self.checkpoints, self.corpus_sha256, self.device.type)

    @property
    def key(self) -> str:
        """Where the result is in the store; of the same weights another configuration makes another model, another seed another
        untrained twin, another version of the family both.
        """
        models = {name: [checkpoint.key, checkpoint.training] for name, checkpoint in self.checkpoints.items()}
        return Store.key(
            study=self.study, request=asdict(self.request), checkpoints=self.checkpoint_sha256s,
            models=models, corpus=self.corpus_sha256,
            code=self.code, device=self.device.type, schema=SCHEMA_VERSION,
        )  # fmt: skip


@dataclass(frozen=True)
class Finished:
    """A result, its key, and why the store does not hold it: empty if it does, whole or in parts, or if there is no store."""

    result: Result
    key: str
    not_stored: str = ""


def identify(name: str, request: AnyRequest, store: Store) -> Identity | None:
    """The identity of a study, told in a fraction of a second: nothing is rendered and no weights are loaded.

    None where the corpus has not been rendered or read yet, so that no result of it can be there.

    Raises:
        CheckpointError, CorpusError: a checkpoint or the corpus cannot be used.
    """
    name = find_study(name).name
    checkpoints, corpus_sha256 = _open_all(request.checkpoints), known_corpus_sha256(request.corpus, store)
    if not corpus_sha256:
        return None
    return Identity(name, request, checkpoints, corpus_sha256, pick_device(), find_study(name).code)


def stored_result(name: str, request: AnyRequest, store: Store) -> Result | None:
    """The result of a request if the store holds it, as quickly as `identify`; None if not.

    Raises:
        CheckpointError, CorpusError: a checkpoint or the corpus cannot be used.
    """
    identity = identify(name, request, store)
    return identity and kept_result(identity, store)


def kept_result(identity: Identity, store: Store) -> Result | None:
    """The result that the store holds, else the one that can be put together from the parts that it holds; None for neither."""
    if (result := read_result(store, identity.key)) is not None:
        return result
    if (assembly := assembled(identity.parts, store)) is None:
        return None
    answer, parts = assembly
    return _result(identity, answer, _joined(identity, [part.provenance for part in parts]))


def read_result(store: Store, key: str) -> Result | None:
    """The result under a key; None if there is none."""
    entry = store.get(key)
    return entry and Result.from_document(entry.document, entry.arrays)


def run_study(
    name: str, request: AnyRequest, *, store: Store | None = None, context: RunContext | None = None, fresh: bool = False
) -> Result:
    """The result alone of `finish_study`.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
        Cancelled: somebody asked to stop.
    """
    return finish_study(name, request, store=store, context=context, fresh=fresh).result


def finish_study(
    name: str, request: AnyRequest, *, store: Store | None = None, context: RunContext | None = None, fresh: bool = False
) -> Finished:
    """The stored result of a request, else (or if it is to be `fresh`) a new one, which is stored.

    Args:
        name: of the study.
        request: from `build_request`.
        store: where results and embeddings are kept; None to keep nothing.
        context: told how far it is and what the user should read; asked whether to stop, between steps.
        fresh: whether to compute what is stored already; what is stored stays as it is.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
        Cancelled: somebody asked to stop.
    """
    name, context = find_study(name).name, context or RunContext()
    if store is not None and not fresh and (identity := identify(name, request, store)) is not None:
        if (kept := _kept(identity, store)) is not None:
            return _with_notices(kept, context)
    checkpoints = _open_all(request.checkpoints)
    if refused := find_study(name).refusal(tuple(checkpoints.values()), request):
        raise ConfigError(refused)
    corpus, corpus_sha256 = _open_and_read(request.corpus, store, context)
    identity = Identity(name, request, checkpoints, corpus_sha256, pick_device(), find_study(name).code)
    if store is not None and not fresh and (kept := _kept(identity, store)) is not None:
        return _with_notices(kept, context)
    for sentence in corpus.notices:
        context.notice(sentence)
    study_run = StudyRun(checkpoints, corpus, identity.device, store, context, identity.code)
    return _keep(identity, _compute(identity, study_run, fresh), store)


def _kept(identity: Identity, store: Store) -> Finished | None:
    """What `kept_result` gives; what was put together from parts is stored whole too, so that summaries and jobs find it."""
    if (whole := read_result(store, identity.key)) is not None:
        return Finished(whole, identity.key)
    result = kept_result(identity, store)
    return None if result is None else _keep(identity, result, store)


def _keep(identity: Identity, result: Result, store: Store | None) -> Finished:
    """The result, which the store holds from now on, if it takes it.

    Beside its parts too: what was asked can be told from whole results alone, by which summaries find them.
    """
    try:
        if store is not None:
            store.put(identity.key, result.to_document(), result.arrays)
    except StoreError as error:  # the result itself is not affected
        return Finished(result, identity.key, str(error))
    return Finished(result, identity.key)


def _with_notices(finished: Finished, context: RunContext) -> Finished:
    """The same, after what a stored result knows of its corpus has been said."""
    for sentence in finished.result.provenance.get(CORPUS_NOTICES, ()):
        context.notice(sentence)
    return finished


def _open_and_read(name: str, store: Store | None, context: RunContext) -> tuple[Corpus, str]:
    """The corpus and its SHA-256."""
    corpus = open_corpus(name, progress=context.step)
    corpus_sha256 = corpus.read(context.step)
    if store is not None:
        remember_listing(name, corpus, store)
    return corpus, corpus_sha256


def _compute(identity: Identity, study_run: StudyRun, fresh: bool) -> Result:
    """The answer, from the parts that are kept and what has to be computed; every part that was computed is kept."""
    began, parts, store = time.monotonic(), identity.parts, study_run.store
    if not parts.study.has_parts:
        answer = parts.study.module.run(identity.request, study_run)
        return _result(
            identity, answer, _made(identity, study_run, identity.checkpoints, time.monotonic() - began, answer.tables)
        )
    kept = {} if fresh or store is None else {about: part for about in parts.needed if (part := parts.read(about, store))}
    made = [part.provenance for part in kept.values()]

    def keep(about: About, part: Measurement, seconds: float) -> None:
        of = {name: identity.checkpoints[name] for name in about}
        made.append(_made(identity, study_run, of, seconds, tables_of(part.rows)))
        if store is not None:
            parts.keep(about, part, made[-1], store)

    known = {about: measurement_of(parts.study, part) for about, part in kept.items()}
    try:
        answer = conclude(parts, compute(parts, study_run, known, keep))
    except UnlikePartsError:  # such as a model with longer windows joining others: all are measured anew, with the same windows
        made.clear()
        answer = conclude(parts, compute(parts, study_run, {}, keep, together=True))
    return _result(identity, answer, _joined(identity, made))


def _result(identity: Identity, answer: Answer, made: JsonObject) -> Result:
    request = asdict(identity.request)
    return Result(identity.study, request, answer.headline, answer.values, answer.tables, answer.arrays, made)


def _made(identity: Identity, study_run: StudyRun, of: Mapping[str, Checkpoint], seconds: float, tables: Tables) -> Json:
    """Where the numbers of these checkpoints come from."""
    made = provenance(
        checkpoints={name: checkpoint.sha256 for name, checkpoint in of.items()},
        corpora={study_run.corpus.name: identity.corpus_sha256},
        device=str(study_run.device), dtype="float32", seed=identity.request.seed, seconds=seconds,
        command=command_of(identity.study, identity.request),
    )  # fmt: skip
    work_of = {piece.piece_id: piece.group for piece in study_run.corpus.pieces}
    made[STUDY_CODE] = identity.code
    made[WINDOWS_READ] = {"window_s": study_run.window_s, "sample_rate": study_run.sample_rate}
    made[MODEL_CODE] = {checkpoint.family: checkpoint.of_family.code for checkpoint in of.values()}
    if study_run.corpus.notices:
        made[CORPUS_NOTICES] = list(study_run.corpus.notices)
    made["n_works"] = len({work_of[row["piece"]] for row in tables.get("windows", ())})
    return made


def _joined(identity: Identity, made: Sequence[JsonObject]) -> Json:
    """Where an answer comes from that was put together: the seconds are those of all its parts, the code of models of all."""
    seconds = sum(of_part["seconds"] for of_part in made)
    models = {family: code for of_part in made for family, code in of_part.get(MODEL_CODE, {}).items()}
    return {
        **made[0], "checkpoint_sha256": identity.checkpoint_sha256s, "seconds": seconds, MODEL_CODE: models,
        "n_works": max(of_part["n_works"] for of_part in made), "command": command_of(identity.study, identity.request),
    }  # fmt: skip


def _open_all(names: Sequence[str]) -> dict[str, Checkpoint]:
    """Checkpoints by name.

    Raises:
        CheckpointError: one cannot be opened, none is named, or two have one name.
    """
    if not names:
        raise CheckpointError("No checkpoint is named; expected at least one.")
    opened = [find_checkpoint(name) for name in names]
    if len({checkpoint.name for checkpoint in opened}) < len(opened):
        raise CheckpointError(
            f"Two checkpoints have the same name: {', '.join(checkpoint.name for checkpoint in opened)}. Rename a folder."
        )
    return {checkpoint.name: checkpoint for checkpoint in opened}
