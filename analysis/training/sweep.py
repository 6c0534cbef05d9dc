"""Arms × seeds: every one is trained once, what is finished is never trained again, and one table compares the arms."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from analysis.datasets.piece import Corpus
from analysis.errors import CheckpointError, ConfigError
from analysis.models.checkpoint import CONFIG_FILE, Checkpoint, open_checkpoint
from analysis.run import RunContext, ignore
from analysis.training.loop import TrainRequest
from analysis.training.train_checkpoint import train_checkpoint

USUAL: dict[str, object] = {"settings": {}}  # of trainings that could not be asked for otherwise yet


@dataclass(frozen=True)
class Member:
    """One training of a sweep, and the folder of its checkpoint."""

    request: TrainRequest
    folder: Path

    @property
    def name(self) -> str:
        """As progress calls it."""
        return f"{self.request.arm}, seed {self.request.seed}"


def members(like: TrainRequest, arms: Sequence[str], seeds: Sequence[int], out: Path) -> list[Member]:
    """Every arm with every seed, seed by seed, so that what is stopped can be compared; all else is as in `like`.

    Raises:
        ConfigError: an arm is unknown or of another family, or an arm or a seed comes twice, or there is none.
    """
    for what, given in (("arm", arms), ("seed", seeds)):
        if not given or len(set(given)) < len(given):
            got = ", ".join(map(str, given)) or "none"
            raise ConfigError(f"The {what}s of the sweep are {got}; expected one or more, each once.")
    requests = [replace(like, arm=arm, seed=seed) for seed in seeds for arm in arms]
    if len(families := dict.fromkeys(request.model[0].title for request in requests)) > 1:
        got = " and ".join(families)
        raise ConfigError(f"The arms of the sweep are of {got}, which are examined otherwise; expected one family. Sweep each.")
    return [Member(request, out / f"{request.arm}-{request.scale}-{request.seed}") for request in requests]


def finished(member: Member, corpus: Corpus) -> Checkpoint | None:
    """The checkpoint of a training that is done; None where it is not.

    Raises:
        ConfigError: the folder holds a checkpoint that was trained otherwise, or that cannot be opened.
    """
    if not (member.folder / CONFIG_FILE).exists():
        return None
    try:
        checkpoint = open_checkpoint(member.folder)
    except CheckpointError as error:
        raise ConfigError(f"{error} Remove {member.folder}, or choose another --out.") from error
    wanted = {**asdict(member.request), "corpus_sha256": corpus.sha256}
    if differing := sorted(name for name, value in wanted.items() if checkpoint.training.get(name, USUAL.get(name)) != value):
        what = ", ".join(differing)
        raise ConfigError(f"{member.folder} was trained with another {what}; use the same again or another --out.")
    return checkpoint


def train_all(wanted: Sequence[Member], corpus: Corpus, context: RunContext) -> Iterator[Checkpoint]:
    """The checkpoint of every member in their order; those that are not finished are trained, or gone on with.

    Raises:
        ConfigError, CorpusError: a request, a folder or the corpus cannot be used.
        Cancelled: somebody asked to stop; what is finished and what the last validation saved are kept.
    """
    for member in wanted:
        finished(member, corpus)  # what cannot be used is told before anything is trained
    for number, member in enumerate(wanted):
        part = context.part(number, len(wanted))
        part.step(0, 1, f"{member.name}: looking for what is finished")
        done = finished(member, corpus)
        yield done or _train(member, corpus, part)


def _train(member: Member, corpus: Corpus, context: RunContext) -> Checkpoint:
    def step(done: int, total: int, what: str) -> None:
        context.step(done, total, f"{member.name}: {what}")

    return train_checkpoint(member.request, corpus, member.folder, resume=True, progress=step, metrics=ignore)
