"""The windows that a checkpoint finds in the fewest pools, to be heard beside what is ranked first instead."""

import numpy as np
import streamlit as st

from analysis.results import Result
from analysis.studies.replication.rows import LinkRow
from analysis.studies.shared_rows import WindowRow
from app.kit import player
from app.kit.plain import plain
from app.kit.player import Missed
from app.kit.study_form import Choice

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
    missed = windows_of(result, checkpoint)
    if not missed:
        st.caption(plain(f"{checkpoint} finds the match of every window in every pool."))
        return
    about = f"{checkpoint}: windows whose match is among the first ten in the fewest pools, beside the other checkpoints."
    st.caption(plain(f"{about} What all miss is hard; what one misses and another finds depends on arm or training."))
    player.pick_missed(missed, result.rows(WindowRow), choice, f"rare_{checkpoint}", columns=HEARD)


def windows_of(result: Result, checkpoint: str) -> list[Missed]:
    """Windows that a checkpoint finds in the fewest pools, in its worse direction, and in how many the others find them."""
    links = {row.checkpoint: row for row in result.rows(LinkRow) if row.weights == "trained"}
    share = {name: 100 * result.arrays[row.shares] for name, row in links.items()}
    own, asked, best_wrong = share[checkpoint], result.arrays["asked"], result.arrays[links[checkpoint].instead]
    others = [by_other.min(axis=0) for name, by_other in share.items() if name != checkpoint]
    worst = np.where(asked > 0, own.min(axis=0), np.inf)
    found_by_others = np.max(others, axis=0) if others else np.zeros_like(worst)
    missed = []
    for i in np.lexsort((-found_by_others, own.max(axis=0), worst))[:MOST]:
        if worst[i] >= 100:
            break
        ends = sorted({f"{by_other[i]:.0f}" for by_other in others}, key=float)
        way = int(own[:, i].argmin())
        about = {
            "audio to MIDI": float(own[0, i]), "MIDI to audio": float(own[1, i]),
            "others": f"{' to '.join(dict.fromkeys((ends[0], ends[-1])))} %" if ends else None, "asked": int(asked[i]),
        }  # fmt: skip
        missed.append(Missed(result.rows(WindowRow)[int(i)], way, int(best_wrong[way, i]), about))
    return missed
