"""Train an arm: the same loop for every arm, resumable to the same numbers."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.pools import PoolSizes
from analysis.datasets.segments import Segment, drop_repeated, list_segments
from analysis.errors import ConfigError, CorpusError
from analysis.files import replaced
from analysis.models.arms import ARMS, build_config
from analysis.models.controls import LEARNING, learn_descriptors
from analysis.models.dual_encoder import DualEncoder, build_arm
from analysis.run import Metrics, Progress, ignore
from analysis.seeding import derive, numpy_generator
from analysis.training.evaluation import SMALLEST_POOL, evaluate, fit_pool, note_batch, waveform_batch
from analysis.training.groups import parameter_groups
from analysis.training.losses import loss_of, with_penalty
from analysis.training.recipes import FREEZES, LEARNING_RATES
from analysis.training.resume import Best, Row, State, damaged, load, read_state
from analysis.training.schedules import ENDS, Schedule

RESUME = "resume.pt"
POOL_LEAST = (("validation_queries", 1), ("validation_pool", SMALLEST_POOL), ("validation_windows_per_piece", 1))
REPORTED = ("loss", "validation_S")  # of what is known of a step
LEARNED_WINDOWS = 256  # of the training set, from which a control learns what it is given


@dataclass(frozen=True)
class TrainRequest:
    """One run; `analysis.training.recipes` has named ones.

    Attributes:
        recipe: the name of what the settings below were taken from; it decides nothing itself.
        floor, tail_end, reference_steps, hold, end: of the schedule, see `Schedule`.
        learning_rates: a row of `LEARNING_RATES`; "" for that of the scale.
        freeze: parts of the audio encoder that keep the values they were drawn with; "" for none.
        validation_queries, validation_pool, validation_windows_per_piece: sizes of the pool on which the best step is chosen.
    """

    arm: str
    scale: str = "small"
    seed: int = 0
    steps: int = 700
    batch_size: int = 64
    recipe: str = "small"
    schedule: str = "cosine"
    warmup: int = 100
    floor: float = 0.10
    tail_end: float = 0.02
    reference_steps: int = 0
    hold: float = 0.5
    end: str = "cosine"
    learning_rates: str = ""
    weight_decay: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.999
    clip_norm: float = 1.0
    bf16: bool = True
    freeze: str = ""
    validate_every: int = 100
    validation_queries: int = 200
    validation_pool: int = 256
    validation_windows_per_piece: int = 60

    def __post_init__(self) -> None:
        build_config(self.arm, self.scale)
        _ = self.rates
        for name, least in (("steps", 0), ("batch_size", 2), ("validate_every", 1), ("weight_decay", 0), *POOL_LEAST):
            if not getattr(self, name) >= least:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected {least} or more.")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected a number from 0 to below 1.")
        if not self.clip_norm > 0:
            raise ConfigError(f"clip_norm is {self.clip_norm}; expected a number above 0.")
        for name, known in (("learning_rates", ("", *LEARNING_RATES)), ("freeze", FREEZES), ("end", ENDS)):
            if getattr(self, name) not in known:
                raise ConfigError(f"Unknown {name} {getattr(self, name)!r}: expected one of {', '.join(map(repr, known))}.")

    @property
    def rates(self) -> Schedule:
        """How the learning rate rises and falls."""
        return Schedule(self.schedule, self.warmup, self.floor, self.tail_end, self.reference_steps, self.hold, self.end)


@dataclass
class TrainedModel:
    """The weights of the best step on validation, and how the run went. `minutes` counts every session of a resumed run."""

    model: DualEncoder
    best_step: int
    minutes: float
    history: list[Row]


def pick_device() -> torch.device:
    """cuda, else mps, else cpu. Where fp32 is asked for, convolutions on cuda are computed in it, as they are elsewhere."""
    if torch.cuda.is_available():
        torch.backends.cudnn.allow_tf32 = False
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


class Run:
    """A training run: model, optimiser, best weights so far and history."""

    def __init__(self, request: TrainRequest, device: torch.device, corpus_sha256: str = "") -> None:
        self.request, self.device, self.corpus_sha256, self.step = request, device, corpus_sha256, 0
        self.model = build_arm(request.arm, request.scale, request.seed).to(device)
        groups = parameter_groups(self.model, request.learning_rates or request.scale, request.freeze)
        self.optimizer = torch.optim.AdamW(groups, betas=(request.beta1, request.beta2), weight_decay=request.weight_decay)
        self.history: list[Row] = []
        self.minutes = 0.0
        self.best = Best(-1.0, 0, self._weights())

    def learn(self, segments: list[Segment]) -> None:
        """Let a control take from training windows what it is given in place of the descriptors."""
        count = min(LEARNED_WINDOWS, len(segments))
        chosen = numpy_generator(self.request.seed, "learned windows").choice(len(segments), count, replace=False)
        part = [segments[i] for i in chosen]
        waveform, notes = waveform_batch(part, self.model.config.sample_rate), note_batch(part, self.model.config.max_notes)
        learn_descriptors(self.model, waveform.to(self.device), notes.to(self.device))
        self.best = replace(self.best, weights=self._weights())

    def train_step(self, segments: list[Segment]) -> Row:
        """One batch; its windows and its dropout depend on (seed, step) alone, so a resumed run sees the same."""
        request = self.request
        chosen = numpy_generator(request.seed, "batch", self.step).choice(len(segments), request.batch_size, replace=False)
        part = [segments[i] for i in chosen]
        waveform = waveform_batch(part, self.model.config.sample_rate).to(self.device)
        notes = note_batch(part, self.model.config.max_notes).to(self.device)
        factor = request.rates.factor(self.step, request.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        self.model.train()
        self.model.begin_step(self.step / request.steps)
        with torch.random.fork_rng(), torch.autocast(self.device.type, torch.bfloat16, enabled=request.bf16):
            torch.manual_seed(derive(request.seed, "dropout", self.step))
            audio, midi = self.model.embed(waveform, notes)
            third = self.model.embed_third(waveform, notes)
        terms = loss_of(ARMS[request.arm].loss, audio, midi, third)
        total = with_penalty(terms.total, self.model.penalty())
        self.optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), request.clip_norm, error_if_nonfinite=True)
        self.optimizer.step()
        self.step += 1
        return {
            "step": self.step, "learning_rate_factor": factor, "loss": total.item(),
            "invariance": terms.invariance.item(), "variance": terms.variance.item(), "covariance": terms.covariance.item(),
            "audio_std": audio.float().std(dim=0).mean().item(), "midi_std": midi.float().std(dim=0).mean().item(),
        }  # fmt: skip

    def validate(self, segments: list[Segment], sizes: PoolSizes) -> float:
        """S on the validation pool of these sizes; the best weights are kept."""
        s = evaluate(self.model, segments, sizes, device=self.device).canonical.s
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
        before = {**state.request, "corpus": state.corpus_sha256}
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


def validation_pool(request: TrainRequest, corpus: Corpus) -> tuple[list[Segment], PoolSizes]:
    """The windows on which the best step is chosen, and the sizes of the pool drawn from them.

    Raises:
        CorpusError: the corpus has too few windows.
    """
    per_piece = request.validation_windows_per_piece
    windows = drop_repeated(list_segments(corpus.split("validation"), max_per_piece=per_piece))
    sizes = fit_pool(
        windows, n_queries=request.validation_queries, pool_size=request.validation_pool,
        where=f"the split validation of {corpus.name}",
        options=f"Here --pool-size is {request.validation_pool}, and --validation-windows {per_piece} per recording.",
    )  # fmt: skip
    return windows, sizes


def report(row: Row, metrics: Metrics) -> None:
    """Tell the loss of a step in the history and, where it was validated, S."""
    metrics(int(row["step"]), {name: row[name] for name in REPORTED if name in row})


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
    training = list_segments(corpus.split("train"))
    if len(training) < request.batch_size:
        raise CorpusError(
            f"The split train of {corpus.name} has {len(training)} windows in {len(corpus.split('train'))} recordings; expected "
            f"{request.batch_size} or more, the size of a batch. Use more or longer recordings, or a smaller --batch-size."
        )
    validation, sizes = validation_pool(request, corpus)
    out.mkdir(parents=True, exist_ok=True)
    if run.step == 0 and run.model.config.descriptor_values in LEARNING:
        run.learn(training)
    while run.step < request.steps:
        began = time.monotonic()
        row = run.train_step(training)
        if run.step % request.validate_every == 0 or run.step == request.steps:
            row["validation_S"] = run.validate(validation, sizes)
        run.history.append(row)
        run.minutes += (time.monotonic() - began) / 60
        if "validation_S" in row:
            run.save(out / RESUME)
        report(row, metrics)
        if progress:
            best = f", best S {100 * run.best.s:.1f} % on validation" if run.best.s >= 0 else ""  # none before the first
            progress(run.step, request.steps, f"loss {row['loss']:.2f}{best}")
    run.model.load_state_dict(run.best.weights)
    return TrainedModel(run.model.cpu().eval(), run.best.step, run.minutes, run.history)
