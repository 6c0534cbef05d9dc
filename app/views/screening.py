"""Which descriptor, entered how, helps most?"""

import streamlit as st

from app import access
from app.kit import controls, layout
from app.studies import screening

HOW_TO_READ = """
The published **screening** trained 24 configurations for 5 epochs: the baseline D0, twelve pairs of a descriptor and a mechanism,
and eleven variants of three other families. **S** is the smaller of two shares: matches among the first ten, audio to MIDI and
MIDI to audio. **Accuracy, same piece** is how often the match is closer than a window of the same piece. The best went on to runs
of 30 to 60 epochs. Black diamonds are published; green circles are checkpoints of the same arm that are here, with 95 % intervals
over works.

| mechanism | how a descriptor enters |
|---|---|
| concatenation | appended to the features of every CNN frame or note |
| cross-attention | frames or notes attend to the descriptor |
| reverse cross-attention | the descriptor attends to the frames, and its frames go on in their place |
| into the other modality | A4 to the notes and D4 to the audio |
| FiLM | scales and shifts features by what a small network makes of the descriptor's mean |
| mixture of experts | chooses among small networks by the descriptor's mean |
| third tower | an encoder of its own for the descriptor |

How it misleads:

- The runs of 5 epochs did not begin at random weights but at a checkpoint that had been trained before. They say how quickly a
  descriptor is taken up, not how good an arm becomes.
- Every configuration was run once, with one seed. Five published trainings of d4a4 lie 6 points apart (page *Replication*),
  more than most differences here. The highest of 24 is partly the luckiest of 24.
- In long runs the best epoch was chosen on the very pool that is reported, so that S is optimistic, and schedules differ.
- **film-a4, film-dual and the routers of the mixtures of experts got a constant in place of A4**: they were given its mean over
  time, and every band of A4 has mean 0 by construction. They say nothing about A4 or about their mechanism.
- d4a4 and d4a4cm have two descriptors, all others one: more parameters, and more that is told.
- Ours are other data, another scale and other schedules. Orders may be compared; heights and distances may not.
"""


def page() -> None:
    """The published screening beside what is trained here."""
    access.require_access()
    with layout.page("Which descriptor, entered how, helps most?"):
        _content()


def _content() -> None:
    good, _ = controls.usable()
    screening.draw(good)
    with st.expander("How to read this, and how it misleads", icon=":material/help:"):
        st.markdown(HOW_TO_READ)
    layout.provenance()


if __name__ == "__main__":  # not in the processes that render clips
    page()
