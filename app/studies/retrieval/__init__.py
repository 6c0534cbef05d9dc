"""The page of retrieval."""
