"""Which models can be looked into?"""

import contextlib
from typing import Any

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.studies.train_checkpoint import headline
from app import caching, controls, layout
from app.charts import training


def page() -> None:
    """Checkpoints, their size, their training and what is wrong with the broken ones."""
    layout.question("Which models can be looked into?")
    good, broken = controls.usable()
    for one in broken:
        st.warning(f"{one.path.name} cannot be opened: {one.reason}")
    if not good:
        layout.empty("No checkpoint was found.", "Train one, or name its folder in OTOSCOPE_CHECKPOINTS.")
        layout.provenance()
        return
    noun = "checkpoint is" if len(good) == 1 else "checkpoints are"
    layout.headline(f"{len(good)} {noun} ready to be looked into.")
    st.dataframe([{"name": one.name, "arm": one.arm, "scale": one.scale} for one in good], hide_index=True)
    chosen = controls.pick_checkpoint()
    if chosen is not None:
        try:
            _details(chosen)
        except (OtoscopeError, OSError) as error:
            st.error(str(error))
        layout.provenance({"checkpoint": str(chosen.name), "SHA-256": str(chosen.sha256)[:12]})


def _details(checkpoint: Any) -> None:
    with contextlib.suppress(KeyError):  # a checkpoint from elsewhere may come without scores
        layout.headline(headline(checkpoint.evaluation))
    history = checkpoint.history()
    if history:
        st.plotly_chart(training.curves(history), theme=None, key="curves")
    else:
        layout.empty("This checkpoint has no training history.", "Train it again to record one.")
    left, right = st.columns(2)
    counts = caching.parameters(checkpoint.arm, checkpoint.scale)
    left.dataframe([{"component": k, "parameters": v} for k, v in counts.items()], hide_index=True)
    with right.expander("Configuration and evaluation"):
        st.json({"config": checkpoint.config, "training": checkpoint.training, "evaluation": checkpoint.evaluation})


if __name__ == "__main__":  # not in the processes that render clips
    page()
