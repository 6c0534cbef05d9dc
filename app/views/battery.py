"""What does the whole examination say?"""

import streamlit as st

from app import access
from app.components import battery_form
from app.kit import controls, layout

HOW_TO_READ = """
All studies with their usual settings (on the small corpus with somewhat fewer windows), one after the other, as one job. It can
be cancelled and goes on where it was. The report is one HTML file with figures, values, intervals, controls, the published
numbers, and the command for every number.

How it misleads:

- Ten studies give hundreds of intervals. Some exclude their null by luck; what matters should hold in more than one study.
- The small corpus has eight test works: its intervals are wide, and scores are near their ceiling.
- Published numbers are those of large models on other data. Compare directions, not values.
"""


def page() -> None:
    """Choose, examine, and take the report away."""
    access.require_access()
    with layout.page("What does the whole examination say?"):
        _content()


def _content() -> None:
    good, _ = controls.usable()
    facts: dict[str, str] = {}
    if good:
        facts = battery_form.show(battery_form.choose(good))
    else:
        remedy = "Train one with `otoscope train`, or name its folder in OTOSCOPE_CHECKPOINTS."
        layout.empty("No checkpoint was found, so there is nothing to examine.", remedy)
    with st.expander("How to read this, and how it misleads", icon=":material/help:"):
        st.markdown(HOW_TO_READ)
    layout.provenance(facts)


if __name__ == "__main__":  # not in the processes that render clips
    page()
