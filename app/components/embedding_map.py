"""The map of the page of embeddings: its points, how far it can be trusted, and the windows chosen in it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from analysis.results import Result
from app import controls
from app.charts import mark as marked
from app.charts import points
from app.charts.mark import Mark
from app.components import actions, embedding_choice, hear, study_facts
from app.components.plain import plain
from app.components.study_form import Choice

Row = Mapping[str, Any]
MOST = 20
PUBLISHED_PAIRS = 2_000
SIDES = ("audio", "midi")
SIDE, PAIR = "audio or MIDI", "cosine of the pair"
COLOURS = {  # what is offered → field of a point, its title with the unit
    SIDE: (None, ""),
    "composer": ("composer", "composer"),
    "work": ("work", "work"),
    "note density": ("note_density_per_s", "note density (notes per s)"),
    "mean pitch": ("mean_pitch", "mean pitch (MIDI number)"),
    "mean velocity": ("mean_velocity", "mean velocity (1 to 127)"),
    "loudness": ("loudness_db", "loudness (dB re full scale)"),
    "spectral centroid": ("spectral_centroid_hz", "spectral centroid (Hz)"),
    "trustworthiness here": ("trust", "trustworthiness at this point (1: all neighbours are true)"),
    PAIR: ("cosine", "cosine of the matched pair (no unit)"),
}
HOVER = {"piece": "piece", "start_s": "start (s)", "composer": "composer", "cosine": PAIR, "trust": "trust here"}
COLUMNS = {
    "points": st.column_config.TextColumn("points", width=58, help="Which points of this window are chosen"),
    "cosine": st.column_config.NumberColumn("cosine", width=60, format="%.2f", help="Cosine of its audio and its MIDI"),
    "shared": st.column_config.NumberColumn(
        "shared", width=60, format="percent", help="Neighbours that its audio and its MIDI have in common"
    ),
    "piece": st.column_config.TextColumn("piece", width=230),
}


def draw(result: Result, choice: Choice) -> str:
    """The chosen map with what it keeps of the space, and the windows that are chosen in it; whose map it is."""
    names, joint = study_facts.names_of(result), is_joint(result)
    columns = st.columns(2 + (len(names) > 1) + (not joint))
    checkpoint = names[0]
    if len(names) > 1:
        with columns[0]:
            checkpoint = controls.pick_choice("checkpoint", "Map of", names, names[0])
    found = maps_of(result, checkpoint)
    with columns[len(names) > 1]:
        name = controls.pick_choice("method", "Map", list(found), most_trusted(found))
    with columns[1 + (len(names) > 1)]:
        offered = [one for one in COLOURS if one != PAIR or joint]
        colour = controls.pick_choice("colour", "Colour", offered, SIDE)
    records, sides = found[name], SIDES
    if not joint:
        with columns[-1]:
            side = controls.pick_word("side", "Space", SIDES)
        records, sides = [row for row in records if row["space"] == side], (side,)
    rows = points_of(result, records[0], sides)
    array = str(records[0]["array"])
    chosen = embedding_choice.before((str(result.provenance["command"]), array, *sides), colour)
    drawing = embedding_choice.show(chart(result, records[0], rows, colour), chosen)
    picked = actions.figure(drawing, array.replace("points.", "map-"), result, rows, select=("lasso", "points", "box"))
    numbers = embedding_choice.after(chosen, [int(key[0]) for key in picked if int(key[0]) < len(rows)])
    st.caption(plain(f"{drawn(result)} {name}: {trusted(records[0])} {others(found, records[0])}".strip()))
    _heard(result, choice, records[0], [rows[number] for number in numbers])
    return checkpoint


def drawn(result: Result) -> str:
    """How many windows of how many works there are, and how more are asked for."""
    windows = result.tables["windows"]
    n, n_works = len(windows), len({row["work"] for row in windows})
    works = f"{n_works:,} work{'s' * (n_works != 1)}"
    if not is_joint(result):
        return f"{n:,} windows of {works}."
    more = f" For {PUBLISHED_PAIRS:,} as in the publication, set pairs under Settings." if n < PUBLISHED_PAIRS else ""
    return f"{n:,} pairs of {works}, joined by light grey lines.{more}"


def is_joint(result: Result) -> bool:
    """Whether audio and MIDI are in one space."""
    return all(row["joint"] for row in result.tables["spaces"])


def maps_of(result: Result, checkpoint: str) -> dict[str, list[Row]]:
    """The maps of a checkpoint by their names on the page, one record per space; the first of every method first."""
    rows = [row for row in result.tables["projections"] if row["checkpoint"] == checkpoint]
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row["weights"] != "trained", not row["first"])):
        found.setdefault(map_name(row), []).append(row)
    return found


def map_name(row: Row) -> str:
    """A map as it is called.

    >>> map_name({"method": "t-SNE", "seed": 43, "weights": "trained"})
    't-SNE, seed 43'
    >>> map_name({"method": "PCA", "seed": 42, "weights": "untrained"})
    'PCA, untrained twin'
    """
    seed = "" if row["method"] == "PCA" else f", seed {row['seed']}"
    return f"{row['method']}{seed}{'' if row['weights'] == 'trained' else marked.TWIN_SUFFIX}"


def most_trusted(found: Mapping[str, Sequence[Row]]) -> str:
    """Of the first maps of trained weights, which no seed was chosen for, the one with the highest trustworthiness."""
    trained = {name: rows[0] for name, rows in found.items() if rows[0]["weights"] == "trained" and rows[0]["first"]}
    return max(trained, key=lambda name: trained[name]["trustworthiness"] or 0.0)


def points_of(result: Result, record: Row, sides: Sequence[str]) -> list[dict[str, Any]]:
    """One record per side and window: where it is, how far it can be trusted there, and what is known of the window."""
    number = str(record["array"]).removeprefix("points.")
    place, trust = result.arrays[record["array"]], result.arrays[f"trust.{number}"]
    cosine = result.arrays.get(f"cosine.{space_number(result, record)}")
    rows = []
    for side in sides:
        i = SIDES.index(side)
        for window, about in enumerate(result.tables["windows"]):
            x, y = place[i, window].tolist()
            more = {} if cosine is None else {"cosine": float(cosine[window])}
            rows.append({"modality": side, "x": x, "y": y, "trust": float(trust[i, window]), **more, **about})
    return rows


def space_number(result: Result, record: Row) -> str:
    """Number of a model in the names of the arrays that are not of a map."""
    key = record["checkpoint"], record["weights"]
    return next(str(row["arrays"]) for row in result.tables["spaces"] if (row["checkpoint"], row["weights"]) == key)


def chart(result: Result, record: Row, rows: Sequence[Row], colour: str) -> go.Figure:
    """The points, matched pairs joined where both are drawn; a click leads to the number of the row."""
    field, title = COLOURS[colour]
    n = len(result.tables["windows"])
    joined = [(i, n + i) for i in range(n)] if len(rows) == 2 * n else ()
    x_title, y_title = axis_titles(result, record)
    drawing = points.scatter(
        rows, x="x", y="y", x_title=x_title, y_title=y_title, colour=field, colour_title=title, joined=joined,
        hover={key: name for key, name in HOVER.items() if key != "cosine" or is_joint(result)},
    )  # fmt: skip
    return drawing.update_layout(uirevision=str(record["array"]))


def axis_titles(result: Result, record: Row) -> tuple[str, str]:
    """Of PCA with the share of the variance on each axis; other axes have neither unit nor meaning."""
    if record["method"] != "PCA":
        return f"{record['method']} 1 (no unit)", f"{record['method']} 2 (no unit)"
    names = ("checkpoint", "weights", "space")
    rows = [row for row in result.tables["variance"] if all(row[name] == record[name] for name in names)]
    shares = {int(row["axis"]): f", {100 * row['share']:.1f} % of variance" for row in rows}
    first, second = (f"principal component {axis} (no unit{shares.get(axis, '')})" for axis in (1, 2))
    return first, second


def trusted(record: Row) -> str:
    """How much of the space is left in a map, beside a map at random."""
    if record["trustworthiness"] is None:
        return f"{record['n']} points. {record['note']}".strip()
    parts = [
        _said(record, "trustworthiness", "trustworthiness", "a random map"),
        _said(record, "neighbours_kept", "of nearest neighbours kept", "random", is_share=True),
    ]
    if record["variance_kept"] is not None:
        parts.append(_said(record, "variance_kept", "of the variance on two axes", "equal axes", is_share=True))
    settings = [
        f"{name} {record[field]:g}" for name, field in (("perplexity", "perplexity"), ("neighbours", "n_neighbors"))
        if record[field] is not None
    ]  # fmt: skip
    settings += [f"begun {_begun(record)}"] if record["start"] else []
    drawn = ", ".join([f"{record['n']} points", *settings])
    return f"{drawn}; {'; '.join(parts)} (k = {record['k']})."


def _begun(record: Row) -> str:
    start = str(record["start"])
    return {"random": "at random", "pca": "from PCA", "spectral": "from a spectral layout"}.get(start, start)


def _said(record: Row, field: str, name: str, null_name: str, *, is_share: bool = False) -> str:
    """A quality of a map with its interval and its null, e.g. `trustworthiness 0.979 [0.973, 0.986] (a random map 0.507)`."""
    low, high, null = (record[f"{field}_{end}"] for end in ("ci_low", "ci_high", "null"))
    mark = Mark("", "", record[field], low, high, null)
    value = marked.in_words(mark, is_share)
    said = f"{value} {name}" if is_share else f"{name} {value}"
    if mark.undecided:
        return f"{said}, not distinguishable from {null_name}"
    return f"{said} ({null_name} {marked.null_in_words(mark, is_share)})" if null is not None else said


def others(found: Mapping[str, Sequence[Row]], record: Row) -> str:
    """How other seeds of the same method differ from its first map; for one of those, how itself does."""
    rows = [
        row for rows in found.values() for row in rows if row["method"] == record["method"] and row["space"] == record["space"]
    ]
    moved = [row for row in rows if row["moved"] is not None and row["weights"] == record["weights"]]
    scale = "(0: the same map, about 1: nothing in common)."
    if record["moved"] is not None:
        return f"Its points lie {record['moved']:.2f} spreads of the first map away from their place there {scale}"
    if not moved:
        return ""
    seeds, far = (
        " and ".join(parts) for parts in zip(*((str(row["seed"]), f"{row['moved']:.2f}") for row in moved), strict=True)
    )
    return f"With seed{'s' * (len(moved) > 1)} {seeds} points lie {far} spreads of this map away from their place in it {scale}"


def _heard(result: Result, choice: Choice, record: Row, picked: Sequence[Row]) -> None:
    """The windows chosen in the map, or those whose two sides are farthest apart; each can be heard."""
    rows = chosen_windows(result, record, picked) if picked else farthest(result, record)
    st.subheader("Hear the chosen windows" if picked else "Hear the pairs that lie farthest apart", anchor=False)
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left:
        st.caption(_what(len(picked), len(rows), is_joint(result)))
    if picked:
        right.button(
            "Choose none", icon=":material/deselect:", key="choose_none", type="tertiary", on_click=embedding_choice.drop
        )
        right.download_button(
            "Chosen points, as CSV", lambda: points_csv(result, record, picked), f"{result.study}-chosen.csv", "text/csv",
            icon=":material/download:", key="csv_chosen", type="tertiary",
        )  # fmt: skip
    rival = result.arrays.get(f"rival.{space_number(result, record)}")
    windows = [int(row.pop("window")) for row in rows]

    def nearest(number: int) -> None:
        if rival is not None:
            near = result.tables["windows"][int(rival[0, windows[number]])]
            hear.play("The MIDI of another work nearest to this audio", choice.corpus, str(near["piece"]), float(near["start_s"]))

    mine = "_".join(map(str, (record["array"], len(picked), len(rows), windows[0]))) if windows else "none"
    hear.pick(rows, choice.corpus, f"chosen_{mine}", title="This window", columns=COLUMNS, more=nearest)


def _what(n_points: int, n_windows: int, joint: bool) -> str:
    """What the list shows.

    >>> _what(3, 1, True)
    '3 points of 1 window are chosen. Heard is the recording; a MIDI point is the same seconds of its MIDI file.'
    """
    heard = "Heard is the recording; a MIDI point is the same seconds of its MIDI file."
    if n_points:
        said = f"{n_points} point{'s' * (n_points > 1)} of {n_windows} window{'s' * (n_windows > 1)}"
        return f"{said} {'are' if n_points > 1 else 'is'} chosen. {heard}"
    how = "by their cosine in the space, not on the map" if joint else "by the neighbours that both sides have in common"
    return f"Draw a loop around points, or click one, to choose windows. Until then: the {n_windows} pairs farthest apart, {how}."


def chosen_windows(result: Result, record: Row, picked: Sequence[Row]) -> list[dict[str, Any]]:
    """One record per window with a chosen point, in the order of the corpus: which of its points, how close its pair is."""
    sides: dict[int, list[str]] = {}
    for row in picked:
        sides.setdefault(int(row["window"]), []).append("MIDI" if row["modality"] == "midi" else str(row["modality"]))
    return [_listed(result, record, window, "both" if len(sides[window]) > 1 else sides[window][0]) for window in sorted(sides)]


def farthest(result: Result, record: Row) -> list[dict[str, Any]]:
    """The windows whose two sides are farthest apart in the space, the worst first."""
    number = space_number(result, record)
    close = result.arrays.get(f"cosine.{number}", result.arrays[f"shared.{number}"])
    return [_listed(result, record, int(window), "") for window in np.argsort(close, kind="stable")[:MOST]]


def _listed(result: Result, record: Row, window: int, sides: str) -> dict[str, Any]:
    number, about = space_number(result, record), result.tables["windows"][window]
    row: dict[str, Any] = {"window": window} | ({"points": sides} if sides else {})
    if (cosine := result.arrays.get(f"cosine.{number}")) is not None:
        row["cosine"] = float(cosine[window])
    row["shared"] = float(result.arrays[f"shared.{number}"][window])
    return row | {"start_s": about["start_s"], "piece": about["piece"]}


def points_csv(result: Result, record: Row, picked: Sequence[Row]) -> str:
    """The chosen points of a map with everything that is known of them, as CSV."""
    import pandas as pd

    from analysis.studies.embedding.table import OF_MAP, points_table, without_formulas

    table = points_table(result)
    for name in OF_MAP:
        table = table[table[name] == record[name]]
    wanted = {(row["modality"], int(row["window"])) for row in picked}
    keep = [pair in wanted for pair in zip(table["modality"], table["window"], strict=True)]
    return without_formulas(pd.DataFrame(table[keep])).to_csv(index=False, lineterminator="\r\n")
