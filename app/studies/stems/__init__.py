"""The page of stems."""
