"""Kinds of job: each is one file with its function, its words and the memory it takes, found through `registry`."""
