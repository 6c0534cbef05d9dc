"""How one side is laid out by itself: whether windows of one work lie nearer to each other than to those of other works."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.measures.geometry import cosine as cosines
from analysis.studies.embedding.modalities import Findings, Pairing, add_distributions, add_measure, add_missing
from analysis.studies.embedding.rows import Kind, SpaceRow

AUC_WORK = "AUC of the same work"
ESTIMATOR = "area under the ROC curve of cosines, mean over windows"
KINDS: tuple[Kind, ...] = ("other works", "same work")


def lay_out(rows: Float[ndarray, "n d"], pairing: Pairing, findings: Findings) -> None:
    """Add how often a window of the same work is more alike than one of another work, and the cosines of both kinds of pairs."""
    cosine = np.clip(cosines(rows, rows), -1, 1)
    areas = areas_of_windows(cosine, pairing)
    known = ~np.isnan(areas)
    if not known.any():
        add_missing(findings, AUC_WORK, "no window has another of its work that does not overlap, or there is one work only")
    else:
        ends = pairing.works.interval(pairing.works.ratios(np.where(known, areas, 0.0), known.astype(float)))
        add_measure(findings, AUC_WORK, float(areas[known].mean()), ends, int(known.sum()), 0.5, "", ESTIMATOR)
    add_distributions(findings, cosine, dict(zip(KINDS, (pairing.other, pairing.same), strict=True)), pairing.seed)
    findings.rows.append(SpaceRow(*findings.model, False, None, None, None, None))


def areas_of_windows(cosine: Float[ndarray, "n n"], pairing: Pairing) -> Float[ndarray, " n"]:
    """Of every window the area under the ROC curve: how often another window of its work is more alike than one of another work,
    ties half; NaN where there are none of either.
    """
    areas = np.full(len(cosine), np.nan)
    for number, row in enumerate(cosine):
        near, far = row[pairing.same[number]], np.sort(row[pairing.other[number]])
        if len(near) and len(far):
            below = np.searchsorted(far, near, "left") + np.searchsorted(far, near, "right")
            areas[number] = below.mean() / 2 / len(far)
    return areas
