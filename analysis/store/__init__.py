"""A content-addressed store on disk for activations, embeddings and results: atomic, checked, bounded in bytes."""

from analysis.store.entry import Entry, StoreError
from analysis.store.store import DEFAULT_LIMIT_BYTES, LIMIT_VARIABLE, Store, open_store

__all__ = ["DEFAULT_LIMIT_BYTES", "LIMIT_VARIABLE", "Entry", "Store", "StoreError", "open_store"]
