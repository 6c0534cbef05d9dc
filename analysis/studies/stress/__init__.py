"""Altered recordings and notes, and how far a model moves with them."""
