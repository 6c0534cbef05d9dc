"""Which checkpoint finds the match best?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from analysis.studies.pools.words import WHY_BELOW
from analysis.training.comparison import by_score, compare_details, compare_headline
from analysis.training.scores import read_score
from app import access, state
from app.charts import scores
from app.components import checkpoint_card, checkpoint_table, import_panel, import_removal
from app.kit import actions, clicks, controls, figures, layout

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint


HOW_TO_READ = """
**S** is the smaller of two shares: how often the right MIDI window is among the ten nearest to an audio window, and how often the
right audio window is among the ten nearest to a MIDI window. The pool decides the number, so it stands beside S. {why}

**Canonical pool**: each query has its match, windows of the same piece, windows of the same composer and windows of others as
candidates. **No overlap**: the same, but no wrong candidate overlaps the match in time. An overlapping window is nearly the same
music, so the two differ most where a model knows the piece but not the moment.

**Intervals** are 95 % bootstrap intervals that draw whole works, not windows: windows of one work are alike.

How it misleads:

- Overlapping intervals do not show that two checkpoints are equal, and the highest of many is partly the luckiest of many.
- The intervals cover the choice of works. They do not cover the seed: train each arm with several before one is called better.
- Compare checkpoints of the same test set, steps and seed. More steps or more data win without being a better architecture.
- The scores are of the stored weights, rounded to fp16, at the step that was best on validation.
- The untrained twin has the same architecture and seed after zero steps. What it reaches is owed to the architecture alone.
""".replace("{why}", WHY_BELOW)


def page() -> None:
    """The checkpoints, their scores side by side, and the card of the chosen one."""
    access.require_access()
    with layout.page("Which checkpoint finds the match best?"):
        _content()


def _content() -> None:
    top = st.container()
    import_panel.draw()
    good, broken = controls.usable()  # after the import, so that the table has what was imported
    with top:
        click = clicks.newest("checkpoints", {"scores": actions.chosen(state.widget_value("scores"))})
        chosen = _library(good, str(click.key[0]) if click and click.is_new else "")
        checkpoint_table.broken(broken)
        import_removal.draw(chosen, broken)
    if chosen is not None:
        ordered = by_score(good)
        if read_score(ordered[0].evaluation):
            figures.show(scores.forest(ordered, chosen.name), "scores", select="points")
            actions.numbers("scores", checkpoint_table.score_records(ordered), "checkpoints-scores")
            st.caption("Click a mark to choose its checkpoint.")
        checkpoint_card.draw_or_say(chosen)
    with st.expander("How to read this, and how it misleads", icon=":material/help:"):
        st.markdown(HOW_TO_READ)
    layout.provenance({} if chosen is None else {"checkpoint": f"{chosen.name} ({str(chosen.sha256)[:12]})"})


def _library(good: list[Checkpoint], clicked: str) -> Checkpoint | None:
    """The headline and the table; the chosen checkpoint, None where there is none."""
    if not good:
        remedy = "Import one below, train one with `otoscope train`, or name its folder in OTOSCOPE_CHECKPOINTS."
        layout.empty("No checkpoint was found.", remedy)
        return None
    layout.headline(compare_headline(good), compare_details(good))
    return checkpoint_table.pick(good, clicked)


if __name__ == "__main__":  # not in the processes that render clips
    page()
