"""Train an arm of any family: the same loop for all, resumable to the same numbers."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import Segment
from analysis.errors import ConfigError, CorpusError
from analysis.files import replaced
from analysis.run import Metrics, Progress, ignore
from analysis.seeding import derive
from analysis.training.devices import pick_device
from analysis.training.objective import AnyModel, AnyPool
from analysis.training.request import TrainRequest
from analysis.training.resume import Best, Row, State, damaged, load, read_state

RESUME = "resume.pt"
LOSS, VALIDATION = "loss", "validation_"  # what is reported of a step: the loss, and what begins so


@dataclass
class TrainedModel:
    """The weights of the best step on validation, and how the run went. `minutes` counts every session of a resumed run."""

    model: AnyModel
    best_step: int
    minutes: float
    history: list[Row]


class Run:
    """A training run: model, optimiser, best weights so far and history."""

    def __init__(self, request: TrainRequest, device: torch.device, corpus_sha256: str = "") -> None:
        self.request, self.device, self.corpus_sha256, self.step = request, device, corpus_sha256, 0
        self.objective = request.objective
        family, config = request.model
        self.model: AnyModel = family.build(config, request.seed).to(device)
        groups = self.objective.groups(self.model, request.learning_rates or request.scale, request.freeze)
        self.optimizer = self.objective.optimizer(groups, request)
        self.history: list[Row] = []
        self.minutes = 0.0
        self.best = Best(-1.0, 0, self._weights())

    def learn(self, segments: list[Segment]) -> None:
        """Let the model take what its objective wants it to know of training windows before the first step."""
        if self.objective.learn(self.model, segments, self.request, self.device):
            self.best = replace(self.best, weights=self._weights())

    def train_step(self, segments: list[Segment]) -> Row:
        """One batch; its windows and its dropout depend on (seed, step) alone, so a resumed run sees the same."""
        request, objective = self.request, self.objective
        part = objective.draw(segments, request, self.step)
        batch = objective.batch(self.model, part, request, self.step, self.device)
        factor = request.rates.factor(self.step, request.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        self.model.train()
        objective.begin_step(self.model, self.step / request.steps)
        with torch.random.fork_rng(), torch.autocast(self.device.type, torch.bfloat16, enabled=request.bf16):
            torch.manual_seed(derive(request.seed, "dropout", self.step))
            embedded = objective.embed(self.model, batch)
        loss, row = objective.loss(self.model, embedded, request)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), request.clip_norm, error_if_nonfinite=True)
        self.optimizer.step()
        objective.end_step(self.model, self.step / request.steps)
        self.step += 1
        return {"step": self.step, "learning_rate_factor": factor, **row}

    def validate(self, segments: list[Segment], sizes: AnyPool) -> float:
        """What the objective validates, such as S on a pool of these sizes; the best weights are kept."""
        s = self.objective.score(self.model, segments, sizes, self.device)
        if s > self.best.s:
            self.best = Best(s, self.step, self._weights())
        return s

    def save(self, path: Path) -> None:
        """Everything needed to go on."""
        state = State(
            asdict(self.request), self.corpus_sha256, self.step, self.minutes, self.history, self.best,
            self.model.state_dict(), self.optimizer.state_dict(),
        )  # fmt: skip
        with replaced(path) as partial:
            torch.save(state.record(), partial)

    def restore(self, path: Path) -> None:
        """Go on from `save`.

        Raises:
            ConfigError: the file belongs to another request or corpus, or is damaged.
        """
        state = read_state(path, self.device)
        before = {"settings": {}, **state.request, "corpus": state.corpus_sha256}  # of before any objective had its own
        now = {**asdict(self.request), "corpus": self.corpus_sha256}
        if differing := sorted(name for name in now if now[name] != before.get(name)):
            what = ", ".join(differing)
            raise ConfigError(f"{path.parent.name} was trained with another {what}; use the same again or another --out.")
        try:
            load(state, self.model, self.optimizer)
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise damaged(path) from error
        self.step, self.minutes, self.history, self.best = state.step, state.minutes, state.history, state.best

    def _weights(self) -> dict[str, torch.Tensor]:
        return {name: tensor.detach().cpu().clone() for name, tensor in self.model.state_dict().items()}


def begun_run(request: TrainRequest, corpus: Corpus, out: Path, *, resume: bool) -> Run:
    """A run at its first step, or where it was interrupted.

    Raises:
        ConfigError: what is resumed does not fit, or is not to be resumed.
    """
    run = Run(request, pick_device(), corpus.sha256)
    if (out / RESUME).exists():
        if not resume:
            raise ConfigError(
                f"{out} holds an interrupted run. Go on with --resume, choose another --out, or delete {RESUME} there."
            )
        run.restore(out / RESUME)
    return run


def report(row: Row, metrics: Metrics) -> None:
    """Tell the loss of a step in the history and, where it was validated, S or what else the objective validates."""
    metrics(int(row["step"]), {name: row[name] for name in row if name == LOSS or name.startswith(VALIDATION)})


def train(
    request: TrainRequest,
    corpus: Corpus,
    out: Path,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    metrics: Metrics = ignore,
) -> TrainedModel:
    """Run to the end and return the weights of the best validation step; a resumed run reports its earlier steps once more.

    Raises:
        ConfigError: the request, or what is resumed, does not fit.
        CorpusError: the corpus has too few windows.
    """
    run = begun_run(request, corpus, out, resume=resume)
    for row in run.history:
        report(row, metrics)
    training = run.objective.training_windows(corpus, request)
    if len(training) < request.batch_size:
        raise CorpusError(
            f"The split train of {corpus.name} has {len(training)} windows in {len(corpus.split('train'))} recordings; expected "
            f"{request.batch_size} or more, the size of a batch. Use more or longer recordings, or a smaller --batch-size."
        )
    validation, sizes = run.objective.validation(request, corpus)
    measured = f"{VALIDATION}{run.objective.validated}"
    out.mkdir(parents=True, exist_ok=True)
    if run.step == 0:
        run.learn(training)
    while run.step < request.steps:
        began = time.monotonic()
        row = run.train_step(training)
        if run.step % request.validate_every == 0 or run.step == request.steps:
            row[measured] = run.validate(validation, sizes)
        run.history.append(row)
        run.minutes += (time.monotonic() - began) / 60
        if measured in row:
            run.save(out / RESUME)
        report(row, metrics)
        if progress:
            best = (
                f", best {run.objective.validated} {100 * run.best.s:.1f} % on validation" if run.best.s >= 0 else ""
            )  # none before the first
            progress(run.step, request.steps, f"loss {row['loss']:.2f}{best}")
    run.model.load_state_dict(run.best.weights)
    return TrainedModel(run.model.cpu().eval(), run.best.step, run.minutes, run.history)
