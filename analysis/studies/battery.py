"""The whole examination: every study on the same checkpoints, one after the other; what is stored is not computed again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.datasets.corpora import NAMES, open_corpus
from analysis.errors import ConfigError, OtoscopeError
from analysis.results import Result
from analysis.run import Progress, RunContext
from analysis.store import Store
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.base.requests import build_request, command_of
from analysis.studies.base.study import find_checkpoint, finish_study, stored_result

STEPS = 1000


@dataclass(frozen=True)
class Part:
    """One study of the examination: its result, or the sentence that says why there is none."""

    study: str
    command: str
    result: Result | None = None
    key: str = ""
    error: str = ""
    notices: tuple[str, ...] = ()


def settings_for(study: str, corpus: str) -> dict[str, object]:
    """The settings with which a study enters the examination."""
    return {"corpus": corpus, **(find_study(study).small if corpus.startswith("small") else {})}


def stored_of(study: str, checkpoints: Sequence[str], corpus: str, store: Store) -> Result | None:
    """What the store holds of a study as it enters the examination, whole or in parts; None for nothing.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used.
    """
    return stored_result(study, build_request(study, checkpoints, settings_for(study, corpus)), store)


def cost_of(study: str, corpus: str) -> float:
    """What a study costs on a corpus, as a share of all."""
    return find_study(study).cost.share(corpus)


def run_battery(
    checkpoints: Sequence[str],
    corpus: str = "small",
    *,
    studies: Sequence[str] | None = None,
    store: Store | None = None,
    context: RunContext | None = None,
) -> list[Part]:
    """Every study in turn. One that cannot be made, such as for want of works or of a tower, gives its reason and the
    others go on.

    Args:
        checkpoints: names or folders.
        corpus: of every study.
        studies: which, in order; all if None.
        store: where results are kept; with one, an examination that was stopped goes on where it was.
        context: told how far the whole examination is; asked whether to stop.

    Raises:
        ConfigError: there is no such study, or none is asked for.
        CheckpointError, CorpusError: a checkpoint or the corpus cannot be used by any study.
        Cancelled: somebody asked to stop.
    """
    context = context or RunContext()
    names = study_names() if studies is None else tuple(find_study(name).name for name in studies)
    if not names:
        raise ConfigError(f"No study is asked for; expected some of {', '.join(study_names())}.")
    opened = [find_checkpoint(checkpoint) for checkpoint in checkpoints]
    if corpus not in NAMES:
        for sentence in open_corpus(corpus, progress=_first(context)).notices:
            context.notice(sentence)
    requests = {name: build_request(name, checkpoints, settings_for(name, corpus)) for name in names}
    total, before, parts = sum(cost_of(name, corpus) for name in names), 0.0, []
    for name, request in requests.items():
        notices: list[str] = []
        within = _within(context.progress, name, before / total, cost_of(name, corpus) / total)
        within(0, 1, "beginning")
        before += cost_of(name, corpus)
        if refused := find_study(name).refusal(opened, request):
            parts.append(Part(name, command_of(name, request), error=refused))
            continue
        try:
            done = finish_study(name, request, store=store, context=replace(context, progress=within, notice=notices.append))
            parts.append(Part(name, command_of(name, request), done.result, done.key, notices=tuple(notices)))
        except OtoscopeError as error:
            parts.append(Part(name, command_of(name, request), error=str(error), notices=tuple(notices)))
            context.notice(f"{name}: {error}")
    context.progress(STEPS, STEPS, "done")
    return parts


def _first(context: RunContext) -> Progress:
    """Progress of what comes before the studies."""
    return lambda done, total, what: context.step(0, STEPS, f"{what}, {done + 1} of {total}")


def _within(progress: Progress, study: str, start: float, share: float) -> Progress:
    """Progress of one study as progress of all; where the study begins a new part, the bar waits for it."""
    farthest = 0.0

    def report(done: int, total: int, what: str) -> None:
        nonlocal farthest
        farthest = max(farthest, done / max(total, 1))
        progress(round(STEPS * (start + share * farthest)), STEPS, f"{study}: {what}")

    return report
