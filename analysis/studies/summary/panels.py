"""What checkpoints do, at a glance: of every test a number a checkpoint, with its controls, read from results at hand."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from analysis.models.arms import ARMS
from analysis.numbers import SHARE, Value
from analysis.studies.at_hand import AtHand
from analysis.studies.retrieval.rows import CANONICAL, PairRow
from analysis.studies.summary import published as summary_published
from analysis.studies.summary.published import PublishedNumber
from analysis.studies.summary.readers import POINTS, READERS, Pool, Reading
from analysis.studies.summary.rows import DifferenceRow

NO_A4, NOT_COMPUTED, SOUND_ALONE = "no A4", "not computed", "sound alone"
Key = Literal["s", "without_a4", "retention", "cka", "band", "noise", "cosine"]


@dataclass(frozen=True)
class Question:
    """One test, as a column of the summary.

    Attributes:
        key: its short name.
        studies: where its number is read, the first that has it; the first is also the study that computes it.
        title: what is measured.
        axis: quantity and unit.
        null_name: what stands where there is nothing to find.
        unit: "share" for parts of 1, drawn as per cent; "points" for hundredths of S; "" for pure numbers.
        twin_name: what the untrained twin was given, where that is not the same.
        needs_a4: whether it can be asked of arms with A4 alone.
        needs_pair: whether it is about sound and notes, so that there is nothing of a model that reads sound alone.
    """

    key: Key
    studies: tuple[str, ...]
    title: str
    axis: str
    null_name: str
    unit: str = SHARE
    twin_name: str = "untrained twin"
    needs_a4: bool = False
    needs_pair: bool = True


QUESTIONS = (
    Question("s", ("retrieval", "controls"), "S, canonical pool", "S (%)", "chance"),
    Question("without_a4", ("ablation",), "Drop of S without A4", "drop of S (points)", "no drop", POINTS, needs_a4=True),
    Question("retention", ("transposition",), "S kept at ±3 semitones", "S kept, MIDI alone moved (%)", "what chance leaves"),
    Question("cka", ("similarity",), "CKA, audio with MIDI", "debiased CKA, mean of blocks", "shuffled pairs", unit=""),
    Question(
        "band", ("bands",), "Most sensitive band", "moved without it (% of works apart)", "one sample later", needs_pair=False
    ),
    Question("noise", ("invariance",), "S at 5 dB white noise", "S (%)", "chance", twin_name="untrained twin at 0 dB"),
    Question("cosine", ("embedding",), "Cosine of matched pairs", "mean cosine", "mismatched pairs", unit=""),
)


@dataclass(frozen=True)
class Subject:
    """A checkpoint as a row of the summary; of a control the arm whose parameters it has, and what it is given.

    `is_alone`: whether it reads sound alone.
    """

    name: str
    arm: str
    control_of: str = ""
    given: str = ""
    is_alone: bool = False

    @property
    def is_control(self) -> bool:
        """Whether it is a control, which is never ranked as a model."""
        return bool(self.control_of)


@dataclass(frozen=True)
class Cell:
    """What one test says of one checkpoint.

    Attributes:
        checkpoint: its name.
        value: the number with its interval, n and null; None where there is none.
        twin: the same of the untrained twin.
        null_high: where the upper 2.5 % of the null begin, where the null is a distribution.
        undecided: whether the number is not distinguishable from its null; None where there is nothing to judge by.
        detail: such as the band.
        published: what others have published of the same arm.
        pool: in which S was searched.
        missing: why there is no number.
    """

    checkpoint: str
    value: Value | None = None
    twin: Value | None = None
    null_high: float | None = None
    undecided: bool | None = None
    detail: str = ""
    published: PublishedNumber | None = None
    pool: Pool | None = None
    missing: str = ""


@dataclass(frozen=True)
class Panel:
    """One test with a cell for every checkpoint; `differing` says in which settings results differ from the usual ones."""

    question: Question
    cells: tuple[Cell, ...]
    origins: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether no checkpoint has a number."""
        return all(cell.value is None for cell in self.cells)

    def cell(self, name: str) -> Cell:
        """The cell of a checkpoint."""
        return next(cell for cell in self.cells if cell.checkpoint == name)


@dataclass(frozen=True)
class Summary:
    """Checkpoints in the order of their rows, tests in the order of their columns."""

    subjects: tuple[Subject, ...]
    panels: tuple[Panel, ...]
    differences: tuple[DifferenceRow, ...] = ()

    def panel(self, key: Key) -> Panel:
        """The panel of a test."""
        return next(panel for panel in self.panels if panel.question.key == key)

    @property
    def real(self) -> tuple[str, ...]:
        """Names of the checkpoints that are no controls."""
        return tuple(subject.name for subject in self.subjects if not subject.is_control)


def assemble(arms: Mapping[str, str], at_hand: Mapping[str, Sequence[AtHand]], alone: Collection[str] = ()) -> Summary:
    """The summary of checkpoints from results that are at hand.

    Args:
        arms: checkpoint → arm, in the order in which they were chosen.
        at_hand: study → results, the preferred first; a study that is not there has none.
        alone: checkpoints that read sound alone.
    """
    subjects = tuple(replace(subject, is_alone=subject.name in alone) for subject in order_subjects(arms))
    panels = tuple(_panel(question, subjects, at_hand) for question in QUESTIONS)
    return Summary(subjects, panels, _differences(subjects, at_hand.get("retrieval", ())))


def order_subjects(arms: Mapping[str, str]) -> tuple[Subject, ...]:
    """Real arms in the order given, each with its controls below it; controls whose arm is not there come last.

    >>> [one.name for one in order_subjects({"z": "d4a4-zero", "a": "D0", "b": "d4a4", "c": "a4r"})]
    ['a', 'b', 'z', 'c']
    """
    subjects = [_subject(name, arm) for name, arm in arms.items()]
    controls = [subject for subject in subjects if subject.is_control]
    ordered: list[Subject] = []
    for subject in subjects:
        if not subject.is_control:
            ordered += [
                subject,
                *(control for control in controls if control.control_of == subject.arm and control not in ordered),
            ]
    return (*ordered, *(subject for subject in controls if subject not in ordered))


def _subject(name: str, arm: str) -> Subject:
    known = ARMS.get(arm)
    return Subject(name, arm, known.control_of, known.descriptor_values) if known and known.control_of else Subject(name, arm)


def _panel(question: Question, subjects: Sequence[Subject], at_hand: Mapping[str, Sequence[AtHand]]) -> Panel:
    results = [known for study in question.studies for known in at_hand.get(study, ())]
    cells, used = [], []
    for subject in subjects:
        cell, source = _cell(question, subject, results)
        cells.append(cell)
        used += [source] if source else []
    distinct = lambda texts: tuple(dict.fromkeys(text for text in texts if text))  # noqa: E731
    origins, differing = distinct(known.origin for known in used), distinct(words for known in used for words in known.differing)
    return Panel(
        question, tuple(cells), origins, differing, summary_published.note(question.key, [known.result for known in used])
    )


def _cell(question: Question, subject: Subject, results: Sequence[AtHand]) -> tuple[Cell, AtHand | None]:
    """The cell, and the result that it was read from."""
    if question.needs_a4 and (known := ARMS.get(subject.arm)) is not None and "A4" not in known.descriptors:
        return Cell(subject.name, missing=NO_A4), None
    if question.needs_pair and subject.is_alone:
        return Cell(subject.name, missing=SOUND_ALONE), None
    why = NOT_COMPUTED
    for known in results:
        reading = READERS[question.key](known.result, subject.name)
        if reading is not None and reading.value is not None:
            return _filled(question, subject, reading), known
        why = reading.missing if reading is not None and reading.missing else why
    return Cell(subject.name, missing=why), None


def _filled(question: Question, subject: Subject, reading: Reading) -> Cell:
    undecided = reading.undecided
    if undecided is None and reading.value is not None:
        undecided = reading.value.inside_null
    near = summary_published.published_number(question.key, subject.arm, subject.control_of, subject.given)
    if near is not None and question.key == "cka":  # published is biased CKA: it stands beside ours of that estimator alone
        near = reading.same_estimator and replace(near, ours=reading.same_estimator)
    return Cell(subject.name, reading.value, reading.twin, reading.null_high, undecided, reading.detail, near, reading.pool)


def _differences(subjects: Sequence[Subject], results: Sequence[AtHand]) -> tuple[DifferenceRow, ...]:
    """Paired differences of S on the canonical pool between chosen checkpoints, of the first result that has each."""
    names = {subject.name for subject in subjects}
    differences: dict[frozenset[str], DifferenceRow] = {}
    for row in (row for at_hand in results for row in at_hand.result.rows(PairRow)):
        if row.pool == CANONICAL and {row.first, row.second} <= names:
            difference = DifferenceRow(row.first, row.second, row.difference, row.ci_low, row.ci_high, row.p)
            differences.setdefault(frozenset((row.first, row.second)), difference)
    return tuple(differences.values())
