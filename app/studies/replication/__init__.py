"""The page of replication."""
