"""Arms × seeds as one job, which goes on where it was stopped. Heavy libraries are imported where they are used."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from analysis.errors import ConfigError
from analysis.files import Json
from analysis.jobs.kinds.kind import JobKind, Names, Page, Request, is_names
from analysis.run import RunContext

if TYPE_CHECKING:
    from analysis.training.loop import TrainRequest

NEEDED = ("arms", "seeds", "out")
TABLE = "sweep"


@dataclass(frozen=True)
class Swept:
    """What a sweep returns, and keeps as `sweep.json`.

    Attributes:
        headline: which arm has the highest S.
        rows: the table, a record per arm, see `SweepRow`.
        checkpoints: folders of all trainings.
    """

    headline: str
    rows: list[Json]
    checkpoints: list[str]


@dataclass(frozen=True)
class SweepRequest:
    """What is trained: every arm with every seed into `out`, on a corpus, all else as in `like`."""

    arms: list[str]
    seeds: list[int]
    out: Path
    corpus: str
    like: "TrainRequest"

    @classmethod
    def of(cls, document: Request) -> "SweepRequest":
        """The request of a job.

        Raises:
            ConfigError: a field is missing, unknown or of another kind.
        """
        from analysis.training.loop import TrainRequest

        settings: Json = dict(document)
        arms, seeds, out = (settings.pop(name, None) for name in NEEDED)
        corpus = settings.pop("corpus", "full")
        known = [field.name for field in fields(TrainRequest) if field.name not in ("arm", "seed")]
        if unknown := sorted(set(settings) - set(known)):
            raise ConfigError(f"Unknown settings {', '.join(unknown)}: expected {', '.join(NEEDED)}, corpus, {', '.join(known)}.")
        if not is_names(arms) or not arms or not isinstance(out, str) or not out or not isinstance(corpus, str):
            raise ConfigError(f"Expected arms and seeds (lists) and a folder `out` for the checkpoints, got {dict(document)}.")
        if not isinstance(seeds, list) or not all(type(seed) is int for seed in seeds):
            raise ConfigError(f"Expected seeds as a list of whole numbers, got {seeds}.")
        return cls(arms, seeds, Path(out), corpus, TrainRequest(arm=arms[0], **settings))


def sweep(request: Request, context: RunContext) -> Json:
    """Train every arm with every seed and compare them; the request holds `arms`, `seeds`, `out`, `corpus` and settings.

    Settings are the fields of `TrainRequest` but for arm and seed. What is finished in `out` is not trained again, and what was
    interrupted goes on. The document is a `Swept`, which `sweep.json` and `sweep.csv` of `out` hold, too.

    Raises:
        ConfigError, CorpusError: the request, a folder or the corpus cannot be used.
        Cancelled: the user asked to stop; the same request later goes on from the last validation.
    """
    from analysis.datasets.corpora import open_corpus
    from analysis.training.sweep import members, train_all
    from analysis.training.sweep_table import headline, sweep_table

    asked = SweepRequest.of(request)
    wanted = members(asked.like, asked.arms, asked.seeds, asked.out)
    opened = open_corpus(asked.like.objective.corpus_of(asked.corpus), progress=context.step)
    for sentence in opened.notices:
        context.notice(sentence)
    checkpoints = list(train_all(wanted, opened, context))
    rows = sweep_table(checkpoints)
    swept = Swept(headline(rows), [asdict(row) for row in rows], [str(checkpoint.path) for checkpoint in checkpoints])
    _write(asked.out, swept)
    return asdict(swept)


def _write(out: Path, swept: Swept) -> None:
    import json

    import pandas as pd

    from analysis.files import replace_file, spreadsheet_safe

    table = pd.DataFrame([spreadsheet_safe(row) for row in swept.rows])
    replace_file(out / f"{TABLE}.json", json.dumps(asdict(swept), indent=2).encode())
    replace_file(out / f"{TABLE}.csv", table.to_csv(index=False, lineterminator="\r\n").encode())


def subject(request: Request, _names: Names) -> str:
    """How many arms and seeds, and where they are kept."""
    arms, seeds = request.get("arms"), request.get("seeds")
    if not is_names(arms) or not isinstance(seeds, list):
        return ""
    named = ", ".join(arms) if len(arms) < 4 else f"{len(arms)} arms"
    return f"{named} × {len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'} in {PurePath(str(request.get('out', ''))).name}"


KIND = JobKind("sweep", f"{__name__}:sweep", lambda _request: "Sweep", subject, lambda _job: Page("screening", {}))
