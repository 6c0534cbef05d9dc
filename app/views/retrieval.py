"""Can it find the match?"""

import streamlit as st

from analysis.errors import OtoscopeError
from app import access, caching, controls, layout
from app.components import misses, retrieval_answer, retrieval_form

HOW_TO_READ = """
**Each query** is 4 s of a recording. Its match is the MIDI of the same 4 s, hidden among wrong windows: some of the same
piece, some of other pieces by the same composer, the rest of other composers. Then MIDI asks for its recording in the same
way.

**R@k** is how often the match is among the first k, **MRR** the mean of 1 / rank, and **S** the smaller R@10 of the two
directions. **Same piece** and **same composer** say how often the match outranks one such wrong window; chance is 50 %.

**Canonical** pools may hold windows that overlap the match in time, which is nearly the same music; **no overlap** leaves
them out.

How it misleads:

- The pool decides the number. S among 64 candidates cannot be compared with S among 256; compare with chance and the twin
  instead.
- Intervals draw whole works, not windows, and cover the choice of works. They do not cover the seed of the training.
- The untrained twin shows what the architecture alone can do. A checkpoint that does not exceed it has learned nothing of use
  here.
- A corpus that the checkpoint was trained on makes it look better than it is. Only the test part is used, but another corpus
  deals its own parts: a work that was trained on may be tested there.
- With several checkpoints, some of many differences look real by luck; p is not corrected for their number.
"""


def page() -> None:
    """Choose checkpoints and a corpus; the stored answer, or a job that computes it."""
    access.require_access()
    layout.question("Can it find the match?")
    answer = st.container()
    good, _ = controls.usable()
    result = None
    if not good:
        remedy = "Train one with `otoscope train`, or name its folder in OTOSCOPE_CHECKPOINTS."
        layout.empty("No checkpoint was found, so there is nothing that could search.", remedy)
    elif (choice := retrieval_form.choose(good)) is not None:
        try:
            result = caching.stored_result(retrieval_form.STUDY, choice.request, choice.checkpoints) if choice.sizes else None
            if result is None:
                retrieval_form.ask(choice)
            else:
                with answer:
                    layout.headline(result.headline)
                retrieval_answer.draw(result, choice.pool)
                misses.draw(result, choice)
        except (OtoscopeError, OSError) as error:
            layout.error(str(error))
    with st.expander("How to read this, and how it misleads", icon=":material/help:"):
        st.markdown(HOW_TO_READ)
    if result is None:
        layout.provenance()
    else:
        layout.provenance(retrieval_answer.facts(result), str(result.provenance["command"]))


if __name__ == "__main__":  # not in the processes that render clips
    page()
