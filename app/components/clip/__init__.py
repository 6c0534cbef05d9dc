"""The clip page: which recording, what reads it, and what is drawn of it."""
