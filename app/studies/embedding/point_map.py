"""The map of the page of embeddings: its points, how far it can be trusted, and the windows chosen in it."""

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from analysis.numbers import SHARE, Value
from analysis.results import Result
from analysis.studies.embedding.rows import PCA, DescribedWindowRow, ProjectionRow, Side, SpaceRow, VarianceRow
from app.charts import mark as marked
from app.charts import points
from app.charts.mark import Mark
from app.charts.points import Point
from app.kit import actions, controls, study_facts
from app.kit.plain import plain
from app.kit.study_form import Choice
from app.studies.embedding import selection, sound
from app.studies.embedding.points import SIDES, MapPoint, points_of, sides_of

PUBLISHED_PAIRS = 2_000
SIDE, PAIR = "audio or MIDI", "cosine of the pair"


Colour = Callable[[MapPoint], float | str | None]
COLOURS: dict[str, tuple[Colour | None, str]] = {  # what is offered → of a point, its title with the unit
    SIDE: (None, ""),
    "composer": (lambda point: point.window.composer, "composer"),
    "work": (lambda point: point.window.work, "work"),
    "note density": (lambda point: point.window.note_density_per_s, "note density (notes per s)"),
    "mean pitch": (lambda point: point.window.mean_pitch, "mean pitch (MIDI number)"),
    "mean velocity": (lambda point: point.window.mean_velocity, "mean velocity (1 to 127)"),
    "loudness": (lambda point: point.window.loudness_db, "loudness (dB re full scale)"),
    "spectral centroid": (lambda point: point.window.spectral_centroid_hz, "spectral centroid (Hz)"),
    "trustworthiness here": (lambda point: point.trust, "trustworthiness at this point (1: all neighbours are true)"),
    PAIR: (lambda point: point.cosine, "cosine of the matched pair (no unit)"),
}


def draw(result: Result, choice: Choice) -> str:
    """The chosen map with what it keeps of the space, and the windows that are chosen in it; whose map it is."""
    names, joint, known = study_facts.names_of(result), is_joint(result), sides_of(result)
    apart = not joint and len(known) > 1
    columns = st.columns(2 + (len(names) > 1) + apart)
    checkpoint = names[0]
    if len(names) > 1:
        with columns[0]:
            checkpoint = controls.pick_choice("checkpoint", "Map of", names, names[0])
    maps = maps_of(result, checkpoint)
    with columns[len(names) > 1]:
        name = controls.pick_choice("method", "Map", list(maps), most_trusted(maps))
    with columns[1 + (len(names) > 1)]:
        offered = [quantity for quantity in COLOURS if quantity not in (PAIR, SIDE) or (quantity == SIDE if apart else joint)]
        colour = controls.pick_choice("colour", "Colour", offered, offered[0])
    rows, sides = maps[name], list[Side](known)
    if apart:
        with columns[-1]:
            space = controls.pick_word("side", "Space", SIDES)
        rows = [row for row in rows if row.space == space]
        sides.remove("midi" if space == "audio" else "audio")
    row = rows[0]
    drawn_points = points_of(result, row, sides)
    chosen = selection.before((result.command, row.array, *sides), colour)
    drawing = selection.show(chart(result, row, drawn_points, colour), chosen)
    key = f"map-{names.index(checkpoint)}-{list(maps).index(name)}"
    picked = actions.figure(drawing, key, result, drawn_points, select=("lasso", "points", "box"))
    numbers = selection.after(chosen, [int(key[0]) for key in picked if int(key[0]) < len(drawn_points)])
    st.caption(plain(f"{drawn(result)} {name}: {trusted(row)} {others(maps, row)}".strip()))
    sound.draw(result, choice, row, [drawn_points[number] for number in numbers])
    return checkpoint


def drawn(result: Result) -> str:
    """How many windows of how many works there are, and how more are asked for."""
    windows = result.rows(DescribedWindowRow)
    n, n_works = len(windows), len({window.work for window in windows})
    works = f"{n_works:,} work{'s' * (n_works != 1)}"
    if not is_joint(result):
        return f"{n:,} windows of {works}."
    more = f" For {PUBLISHED_PAIRS:,} as in the publication, set pairs under Settings." if n < PUBLISHED_PAIRS else ""
    return f"{n:,} pairs of {works}, joined by light grey lines.{more}"


def is_joint(result: Result) -> bool:
    """Whether audio and MIDI are in one space."""
    return all(row.joint for row in result.rows(SpaceRow))


def maps_of(result: Result, checkpoint: str) -> dict[str, list[ProjectionRow]]:
    """The maps of a checkpoint by their names on the page, one row per space; the first of every method first."""
    rows = [row for row in result.rows(ProjectionRow) if row.checkpoint == checkpoint]
    maps: dict[str, list[ProjectionRow]] = {}
    for row in sorted(rows, key=lambda row: (row.weights != "trained", not row.first)):
        maps.setdefault(map_name(row), []).append(row)
    return maps


def map_name(row: ProjectionRow) -> str:
    """A map as it is called: its method, the seed where that has one, and whether it is of the twin."""
    seed = "" if row.method == PCA else f", seed {row.seed}"
    return f"{row.method}{seed}{'' if row.weights == 'trained' else marked.TWIN_SUFFIX}"


def most_trusted(maps: Mapping[str, Sequence[ProjectionRow]]) -> str:
    """Of the first maps of trained weights, which no seed was chosen for, the one with the highest trustworthiness."""
    trained = {name: rows[0] for name, rows in maps.items() if rows[0].weights == "trained" and rows[0].first}
    return max(trained, key=lambda name: trained[name].trustworthiness or 0.0)


def chart(result: Result, row: ProjectionRow, drawn_points: Sequence[MapPoint], colour: str) -> go.Figure:
    """The points, matched pairs joined where both are drawn; a click leads to the number of the point."""
    colour_of, title = COLOURS[colour]
    n = len(result.rows(DescribedWindowRow))
    joined = [(i, n + i) for i in range(n)] if len(drawn_points) == 2 * n else ()
    x_title, y_title = axis_titles(result, row)
    shown = [
        Point(point.x, point.y, point.side, None if colour_of is None else colour_of(point), _hover(point, is_joint(result)))
        for point in drawn_points
    ]
    drawing = points.scatter(
        shown, x_title=x_title, y_title=y_title, coloured=colour_of is not None, colour_title=title, joined=joined
    )
    return drawing.update_layout(uirevision=row.array)


def _hover(point: MapPoint, joint: bool) -> dict[str, float | str | None]:
    window = point.window
    about: dict[str, float | str | None] = {"piece": window.piece, "start (s)": window.start_s, "composer": window.composer}
    return about | ({PAIR: point.cosine} if joint else {}) | {"trust here": point.trust}


def axis_titles(result: Result, row: ProjectionRow) -> tuple[str, str]:
    """Of PCA with the share of the variance on each axis; other axes have neither unit nor meaning."""
    if row.method != PCA:
        return f"{row.method} 1 (no unit)", f"{row.method} 2 (no unit)"
    axes = [axis for axis in result.rows(VarianceRow) if (axis.model, axis.space) == (row.model, row.space)]
    shares = {axis.axis: f", {100 * axis.share:.1f} % of variance" for axis in axes}
    first, second = (f"principal component {axis} (no unit{shares.get(axis, '')})" for axis in (1, 2))
    return first, second


def trusted(row: ProjectionRow) -> str:
    """How much of the space is left in a map, beside a map at random."""
    if row.trustworthiness is None:
        return f"{row.n} points. {row.note}".strip()
    parts = [
        _beside(row.quality("trustworthiness"), "trustworthiness", "a random map"),
        _beside(row.quality("neighbours kept"), "of nearest neighbours kept", "random"),
    ]
    if row.variance_kept is not None:
        parts.append(_beside(row.quality("variance kept"), "of the variance on two axes", "equal axes"))
    numbers = (("perplexity", row.perplexity), ("neighbours", row.n_neighbors))
    settings = [f"{name} {number:.3g}" for name, number in numbers if number is not None]
    settings += [f"begun {_begun(row.start)}"] if row.start else []
    return f"{', '.join([f'{row.n} points', *settings])}; {'; '.join(parts)} (k = {row.k})."


def _begun(start: str) -> str:
    return {"random": "at random", "pca": "from PCA", "spectral": "from a spectral layout"}.get(start, start)


def _beside(value: Value, name: str, null_name: str) -> str:
    """A quality of a map with its interval and its null, e.g. `trustworthiness 0.979 [0.973, 0.986] (a random map 0.507)`."""
    mark, is_share = Mark("", "", value.value or 0.0, value.ci_low, value.ci_high, value.null), value.unit == SHARE
    words = marked.text_of(mark, is_share)
    text = f"{words} {name}" if is_share else f"{name} {words}"
    if mark.undecided:
        return f"{text}, not distinguishable from {null_name}"
    return f"{text} ({null_name} {marked.null_text(mark, is_share)})" if value.null is not None else text


def others(maps: Mapping[str, Sequence[ProjectionRow]], row: ProjectionRow) -> str:
    """How other seeds of the same method differ from its first map; for one of those, how itself does."""
    scale = "(0: the same map, about 1: nothing in common)."
    if row.moved is not None:
        return f"Its points lie {row.moved:.2f} spreads of the first map away from their place there {scale}"
    alike = [
        other for rows in maps.values() for other in rows
        if (other.method, other.space, other.weights) == (row.method, row.space, row.weights)
    ]  # fmt: skip
    moved = [(str(other.seed), f"{other.moved:.2f}") for other in alike if other.moved is not None]
    if not moved:
        return ""
    seeds, far = (" and ".join(parts) for parts in zip(*moved, strict=True))
    return f"With seed{'s' * (len(moved) > 1)} {seeds} points lie {far} spreads of this map away from their place in it {scale}"
