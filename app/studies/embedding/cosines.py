"""Cosines of matched pairs of all chosen checkpoints in one figure, beside the published means."""

import streamlit as st

from analysis.errors import ConfigError
from analysis.published.published import published
from analysis.results import Result
from analysis.studies.embedding.rows import BinRow, CosineRow, Kind, Weights
from app.charts import overlay
from app.charts.histogram import Bar
from app.charts.overlay import Curve
from app.kit import actions, published_table, study_facts
from app.kit.plain import plain

MATCHED: Kind = "matched"
OTHER: Kind = "other works"
PUBLISHED = ("matched pairs", "mean cosine")
TITLES: dict[str, tuple[Kind, Weights]] = {  # panel → which pairs, of which weights
    "matched pairs": (MATCHED, "trained"),
    "pairs of other works": (OTHER, "trained"),
    "matched pairs, untrained twins (shares on a scale of their own)": (MATCHED, "untrained"),
}


def draw(result: Result) -> None:
    """The distributions of all checkpoints over each other; nothing before the joint embedding."""
    curves = curves_of(result)
    if not any(row.kind == MATCHED for row in result.rows(CosineRow)):
        return
    st.subheader("Do the checkpoints differ in how close matched pairs are?", anchor=False)
    means = published_means()
    drawing = overlay.overlay(
        curves, x_title="cosine of an audio window and a MIDI window (no unit)", y_title="share of pairs (%)", n_name="pairs",
        colours=study_facts.colours_of(result), published=means,
    )  # fmt: skip
    actions.figure(drawing, "cosines-together", result, result.rows(CosineRow))
    st.caption(plain(f"Filled symbols above the curves: means. {published_table.LEGEND if means else ''}"))


def curves_of(result: Result) -> dict[str, list[Curve]]:
    """Panel → one curve per checkpoint, in the order of the request; panels without pairs are left out."""
    means = {(row.checkpoint, row.weights, row.kind): row.mean for row in result.rows(CosineRow)}
    bars: dict[tuple[str, str, str], list[Bar]] = {}
    for row in result.rows(BinRow):
        bars.setdefault((row.checkpoint, row.weights, row.kind), []).append(
            Bar(row.kind, row.bin_low, row.bin_high, row.share, row.pairs)
        )
    curves: dict[str, list[Curve]] = {}
    for title, (kind, weights) in TITLES.items():
        for name in study_facts.names_of(result):
            if drawn := bars.get((name, weights, kind)):
                curve = Curve(name, tuple(drawn), means.get((name, weights, kind)), weights != "trained")
                curves.setdefault(title, []).append(curve)
    return curves


def published_means() -> list[tuple[str, float]]:
    """(arm, mean cosine of matched pairs) of every arm of which it is published."""
    try:
        records = published("embedding")
    except ConfigError:
        return []
    return [(record.arm, record.value) for record in records if (record.condition, record.measure) == PUBLISHED]
