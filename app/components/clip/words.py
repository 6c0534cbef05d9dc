"""What the lanes of the clip page do and do not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from analysis.clips.reading import ClipReading


def how_to_read(reading: ClipReading) -> None:
    """How the lanes are read, and how they mislead."""
    clock = reading.clock
    overlap = clock.window - clock.hop
    side = (
        f"Windows overlap by {overlap / clock.sample_rate:g} s: the part of a window is shown that lies nearer to its middle "
        "than to that of its neighbours."
        if overlap
        else "Windows stand side by side."
    )
    with st.expander("How to read this, and how it misleads"):
        st.markdown(HOW_TO_READ.format(window=f"{clock.window_s:g}", side=side))


HOW_TO_READ = """
- **Everything is over the same seconds**, and one playhead goes through all of it. Where the vertical axis is time too, a second
  line marks the playhead there: the query on attention, the other moment on self-similarity.
- **A click goes there; on a cell of attention or self-similarity you hear the moment of the query, then that of the key.** A
  drag selects; `l` plays the selection again and again. The desk listens to keys once it was clicked; `?` lists them.
- **A row of attention is a query, and sums to 1.** The softmax always hands out the whole share, also when nothing in the window
  is worth attending to; a bright cell is bright relative to its row only. Uniform attention gives every key 1 / T.
- **Attention is not explanation.** It says where values were read from, not what was read nor what it changed: values of
  near-zero norm, the residual path and later layers can undo it. To ask what matters, take the head out and measure.
- **The untrained twin is the control.** It has the same architecture and the same seed after zero steps. What it also shows
  comes from the architecture and the sound, not from training.
- **Tokens already hear their surroundings.** After the first block every token has read the whole window, so a late layer's key
  at 2 s is not the sound at 2 s alone.
- **The model hears {window} s at a time.** {side} Nothing attends across their borders, which are drawn; steps there, also in the
  self-similarity, are made by the windows. The last window is padded with silence (hatched): the padding can be attended to as a
  key, but its queries are left out of every average.
- **A probe reads what is linearly there, not what the model uses.** It was fitted to means over windows of the training corpus;
  compare it with the untrained twin's, and look at R² on held-out works before you believe a single second.
- **The constant-Q spectrogram has a row for every semitone.** Low notes are smeared over half a second: a filter that tells
  semitones apart there is that long.
- **A second recording has the colours of the first**, and curves of a kind end at the same number; its seconds are counted from
  its own beginning, whatever happens in them. Differences are drawn only where the sounds of both begin at the same moments, as
  those of a transposed version do: takes of one work drift apart, and other works share no clock.
- **Where there are more cells than pixels**, attention shows the largest of those that a pixel stands for, so that no bright
  cell is lost; so does attention received over many minutes, away from the playhead. Other pictures show the mean. A colour is
  one of 256 steps of its range; colours of attention end where 1 % of the cells lie above, and a model that is drawn beside
  another has its colours.
"""
