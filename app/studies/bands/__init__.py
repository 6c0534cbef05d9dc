"""The page of bands."""
