"""Print figures, white and vector-ready, drawn with matplotlib from what the library returned."""

from analysis.figures.inspection import draw_inspection as draw_inspection
