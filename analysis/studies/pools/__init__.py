"""Pools of candidates in which S is searched."""
