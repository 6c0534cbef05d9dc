"""Studies: one module per question, each with a frozen `Request` and `run(request, desk)`."""

STUDY_NAMES = (
    "scoreboard", "replication", "controls", "ablation", "bands", "transposition", "invariance", "similarity", "probes",
    "embedding",
)  # fmt: skip
