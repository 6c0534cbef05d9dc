"""The page of probes."""
