"""The windows that a checkpoint finds in the fewest pools, to be heard beside what is ranked first instead."""

from typing import Any

import numpy as np
import streamlit as st

from analysis.results import Result
from app.components import hear
from app.components.plain import plain
from app.components.study_form import Choice

MOST = 20
HEARD = {
    "audio to MIDI": st.column_config.NumberColumn("audio → MIDI", width=88, format="%.0f %%", help="Pools in which it is found"),
    "MIDI to audio": st.column_config.NumberColumn("MIDI → audio", width=88, format="%.0f %%", help="Pools in which it is found"),
    "others": st.column_config.TextColumn("others", width=86, help="The other checkpoints, the better of least and most"),
    "asked": st.column_config.NumberColumn("pools", width=56, help="How many pools ask for this window"),
    "piece": st.column_config.TextColumn("piece", width=180),
}


def draw(result: Result, choice: Choice, checkpoint: str) -> None:
    """A list of them and the sound of the chosen one."""
    st.subheader("Hear what is rarely found", anchor=False)
    found = windows_of(result, checkpoint)
    if not found:
        st.caption(plain(f"{checkpoint} finds the match of every window in every pool."))
        return
    said = f"{checkpoint}: windows whose match is among the first ten in the fewest pools, beside the other checkpoints."
    st.caption(plain(f"{said} What all miss is hard; what one misses and another finds depends on arm or training."))
    hear.pick_missed(found, result.tables["windows"], choice.corpus, f"rare_{checkpoint}", columns=HEARD)


def windows_of(result: Result, checkpoint: str) -> list[dict[str, Any]]:
    """Windows that a checkpoint finds in the fewest pools, in its worse direction, and in how many the others find them.

    With each what `hear.pick_missed` asks for, in that direction.
    """
    trained = [row for row in result.tables["links"] if row["weights"] == "trained"]
    share = {row["checkpoint"]: 100 * result.arrays[row["found"]] for row in trained}
    own, asked = share[checkpoint], result.arrays["asked"]
    name_of_instead = next(row.get("instead") for row in trained if row["checkpoint"] == checkpoint)
    instead = result.arrays[name_of_instead] if name_of_instead else None
    others = [found.min(axis=0) for name, found in share.items() if name != checkpoint]
    worst = np.where(asked > 0, own.min(axis=0), np.inf)
    found_by_others = np.max(others, axis=0) if others else np.zeros_like(worst)
    rows = []
    for i in np.lexsort((-found_by_others, own.max(axis=0), worst))[:MOST]:
        if worst[i] >= 100:
            break
        ends = sorted({f"{one[i]:.0f}" for one in others}, key=float)
        window, way = result.tables["windows"][int(i)], int(own[:, i].argmin())
        rows.append({
            "way": way, "instead": None if instead is None else int(instead[way, i]),
            "audio to MIDI": float(own[0, i]), "MIDI to audio": float(own[1, i]),
            "others": f"{' to '.join(dict.fromkeys((ends[0], ends[-1])))} %" if ends else None, "asked": int(asked[i]),
            "start_s": window["start_s"], "piece": window["piece"],
        })  # fmt: skip
    return rows
