"""Figures as pure functions from arrays to plotly: no page, no model."""
