"""One row per checkpoint, one small panel per test."""
