"""Which heads follow the music of a recording: onsets, beats, bars, repetitions, pitch classes."""

import numpy as np

from analysis.clips.heads.music import WindowMusic, music_of_notes, music_of_sound
from analysis.clips.heads.reading import read_heads
from analysis.clips.questions.answer import Answer
from analysis.clips.questions.followers import COLUMNS, headline, row_of
from analysis.clips.questions.question import ClipWindow, Inquiry
from analysis.errors import ConfigError

FEWEST = 2


def find_heads(inquiry: Inquiry) -> Answer:
    """Heads chosen on one half of the windows and tested on the other, beside the same heads of the untrained twin.

    A lift is the attention on what marks an event, beyond what uniform attention gives. The null moves the events in a circle
    against the attention; it speaks of this recording alone.

    Raises:
        ConfigError: the recording has fewer than two windows, or the tower does not attend.
    """
    windows = inquiry.windows
    if len(windows) < FEWEST:
        raise ConfigError(
            "Heads are chosen in one half of the windows and tested in the other; "
            f"the recording has {len(windows)} whole window. "
            "Take a longer recording."
        )
    music = [_music(inquiry, window) for window in windows]
    groups = np.arange(len(windows))
    readings = []
    for number, model in enumerate((inquiry.model, inquiry.twin)):
        check = inquiry.stage(number, 2, f"{('the model', 'the untrained twin')[number]} hears {len(windows)} windows")
        tower = model.towers[inquiry.tower]
        readings.append(read_heads(tower, windows, music, groups, device=inquiry.device, check=check))
    trained, twin = readings
    seed = inquiry.question.seed
    chosen = trained.chosen(seed=seed)
    scores = {kind: 1 - trained.scores(kind, seed=seed).p_any for kind in trained.lifts}
    heads = tuple((head.layer, head.head + 1) for head in trained.heads)
    rows = tuple(row_of(trained, twin, head, seed) for head in chosen)
    notices = ["Beats are estimated from onsets."] if any(event.estimated for event in music) else []
    if inquiry.companions.notes is None:
        notices.append("Without notes, what happens is read from the sound; pitch classes are left out.")
    return Answer(headline(trained, twin, chosen, seed), tuple(notices), COLUMNS, rows, None, scores, heads)


def _music(inquiry: Inquiry, window: ClipWindow) -> WindowMusic:
    beats_s, bars_s = inquiry.marks_s("beat"), inquiry.marks_s("bar", "measure")
    if inquiry.companions.notes is not None:
        return music_of_notes(window.notes(), window.start_s, window.length_s, beats_s, bars_s)
    rate = inquiry.waveform.sample_rate
    return music_of_sound(window.waveform(rate, window.length_s), rate, window.start_s, beats_s, bars_s)
