"""Pages: one question each."""
