"""Which heads follow the music over the works of a corpus: chosen on half of the works, tested on the other half."""

from typing import Literal

import numpy as np

from analysis.clips.audio_tower import audio_tower
from analysis.clips.heads.music import WindowMusic, music_of_notes, music_of_sound
from analysis.clips.heads.reading import HeadReading, read_heads
from analysis.clips.questions.answer import Answer
from analysis.clips.questions.followers import INTERVAL_COLUMNS, headline, row_of
from analysis.datasets.segments import Segment, segment_notes
from analysis.errors import ConfigError, CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.readings.embeddings import list_windows, spread
from analysis.readings.study_run import StudyRun
from analysis.sources import code_of
from analysis.store import Store

PER_PIECE, MOST_WINDOWS = 4, 120
FEWEST_WORKS = 4  # two that choose, and two that test
SEED = 0


def heads_in_corpus(study_run: StudyRun, checkpoint: Checkpoint) -> Answer:
    """Heads of a tower over all works of a corpus, beside the same heads of the untrained twin.

    Up to 4 windows of every recording, 120 in all, evenly over them. A lift is a mean over works of the means over their windows;
    its interval is over the works in which the head was tested, its null moves the events of a work in a circle.

    Args:
        study_run: with the corpus.
        checkpoint: of one model that hears and attends.

    Raises:
        ConfigError: the tower does not attend.
        CorpusError: the corpus has fewer than four works with windows.
        Cancelled: somebody asked to stop.
    """
    if not audio_tower(checkpoint.outline()).attends:
        raise ConfigError(f"The tower of {checkpoint.name} that hears does not attend, so it has no heads. Choose another model.")
    windows = spread(list_windows(study_run, "all", PER_PIECE), MOST_WINDOWS)
    works = np.array([window.piece.group for window in windows])
    if (n_works := len(np.unique(works))) < FEWEST_WORKS:
        raise CorpusError(
            f"Heads are chosen on half of the works and tested on the others, {FEWEST_WORKS} at least; {study_run.corpus.name} "
            f"has {n_works}. Use more pieces."
        )
    music = [_music(study_run, window, audio_tower(checkpoint.outline()).input.sample_rate) for window in windows]
    trained, twin = (_read(study_run, checkpoint, weights, windows, music, works) for weights in ("trained", "untrained"))
    chosen = trained.chosen(seed=SEED)
    scores = {kind: 1 - trained.scores(kind, seed=SEED).p_any for kind in trained.lifts}
    heads = tuple((head.layer, head.head + 1) for head in trained.heads)
    notices = [
        f"Over {len(windows)} windows of {n_works} works of {study_run.corpus.name}, those of the training split among them."
    ]
    notices += ["Beats are estimated from onsets."] if any(events.estimated for events in music) else []
    if not study_run.corpus.has_notes:
        notices.append("Without notes, what happens is read from the sound; pitch classes are left out.")
    rows = tuple(row_of(trained, twin, head, SEED, interval=True) for head in chosen)
    return Answer(headline(trained, twin, chosen, SEED), tuple(notices), INTERVAL_COLUMNS, rows, None, scores, heads)


def corpus_heads_key(checkpoint: Checkpoint, corpus_sha256: str) -> str:
    """Where the answer over a corpus is kept."""
    code = code_of(__name__), checkpoint.of_family.code
    return Store.key(kind="heads in a corpus", model=checkpoint.key, corpus=corpus_sha256, code=code)


def _read(
    study_run: StudyRun, checkpoint: Checkpoint, weights: Literal["trained", "untrained"], windows: list[Segment],
    music: list[WindowMusic], works: np.ndarray,
) -> HeadReading:  # fmt: skip
    part, read = study_run.part(0 if weights == "trained" else 1, 2), 0

    def check() -> None:
        nonlocal read
        part.step(read, len(windows), f"{checkpoint.name}, {weights}: heads of windows")
        read += 1

    tower = audio_tower(study_run.model(checkpoint, weights))
    return read_heads(tower, windows, music, works, device=study_run.device, check=check)


def _music(study_run: StudyRun, window: Segment, sample_rate: int) -> WindowMusic:
    study_run.cancel.check()
    if study_run.corpus.has_notes:
        return music_of_notes(segment_notes(window), window.start_s, window.duration_s)
    return music_of_sound(window.waveform(sample_rate), sample_rate, window.start_s)
