"""What arXiv 2604.10283 says of screening, long runs, training seeds and sizes, copied by hand from its text.

A row: study, source, condition, measure, unit, arms, values in the order of the arms; "-" where there is none.
"""

SCREENED = "d4a4 a4r D4r d4 a4 a4x A7x D0 D4x A7 A9 A8 d4a4cm"
FAMILIES = "t3-wt t3-tri moe-a4-v2 film-dual moe-a4-v4 film-a4 moe-dual moe-a4-v3 film-d4 moe-a4 t3-anc"
FOUR = "D0 d4a4 a4r d4-a4r"
SHORT, LONG = "screening", "confirmation"
PIECE = "accuracy against same piece"
SEEDS, RUNS = "seeds", "runs"

ROWS = [
    # table 2
    (SHORT, "paper", "5 epochs", "S", "%", SCREENED, "69.8 68.6 64.2 63.6 63.6 62.6 62.2 60.2 60.0 58.8 58.8 57.4 52.4"),
    (SHORT, "paper", "5 epochs", PIECE, "%", SCREENED, "91.6 91.6 93.2 91.2 92.4 92.4 92.0 90.0 91.4 90.2 90.4 90.6 89.6"),
    # table 3; three arms were better before the fifth epoch
    (SHORT, "paper", "5 epochs", "S", "%", FAMILIES, "67.6 65.0 60.2 59.4 59.4 59.2 59.2 59.2 58.6 58.2 42.2"),
    (SHORT, RUNS, "3 epochs", "S", "%", "film-d4 moe-a4 moe-a4-v3", "58.8 58.8 59.8"),
    # table 4, row by row
    (LONG, "paper", "Cosine-60", "S", "%", "d4a4", "83.8"),
    (LONG, "paper", "Cosine-60", "epochs", "", "d4a4", "60"),
    (LONG, "paper", "Cosine-60", "best epoch", "", "d4a4", "50"),
    (LONG, "paper", "Cosine-60", "parameters", "M", "d4a4", "75.5"),
    (LONG, "paper", "Cosine-30", "S", "%", "a4r", "82.0"),
    (LONG, "paper", "Cosine-30", "epochs", "", "a4r", "30"),
    (LONG, "paper", "Cosine-30", "best epoch", "", "a4r", "29"),
    (LONG, "paper", "Cosine-30", "parameters", "M", "a4r", "78.6"),
    (LONG, "paper", "Trapez-50", "S", "%", "t3-wt", "81.2"),
    (LONG, "paper", "Trapez-50", "epochs", "", "t3-wt", "50"),
    (LONG, "paper", "Trapez-50", "best epoch", "", "t3-wt", "50"),
    (LONG, "paper", "Cosine-tail-60", "S", "%", "a4r", "80.6"),
    (LONG, "paper", "Cosine-tail-60", "epochs", "", "a4r", "60"),
    (LONG, "paper", "Cosine-tail-60", "best epoch", "", "a4r", "60"),
    (LONG, "paper", "Cosine-tail-60", "parameters", "M", "a4r", "78.6"),
    (LONG, "paper", "Cosine-30", "S", "%", "d4-a4r", "79.8"),
    (LONG, "paper", "Cosine-30", "epochs", "", "d4-a4r", "30"),
    (LONG, "paper", "Cosine-30", "best epoch", "", "d4-a4r", "30"),
    (LONG, "paper", "Cosine-30", "parameters", "M", "d4-a4r", "78.9"),
    (LONG, "paper", "Cosine-tail-60", "S", "%", "D0", "73.4"),
    (LONG, "paper", "Cosine-tail-60", "epochs", "", "D0", "60"),
    (LONG, "paper", "Cosine-tail-60", "best epoch", "", "D0", "50"),
    (LONG, "paper", "Cosine-tail-60", "parameters", "M", "D0", "74.2"),
    # runs of 60 epochs at an equal schedule
    (LONG, RUNS, "Cosine-60", "S", "%", FOUR, "72.8 83.8 79.4 79.8"),
    (LONG, RUNS, "Cosine-60", "best epoch", "", FOUR, "50 50 60 55"),
    (LONG, RUNS, "Cosine-tail-60", "S", "%", "D0 d4a4 a4r", "73.4 83.4 80.6"),
    (LONG, RUNS, "Cosine-tail-60", "best epoch", "", "D0 d4a4 a4r", "50 30 60"),
    # table 12 and the seeds behind it
    ("replication", "paper", "five training seeds", "mean S", "%", "d4a4 d4-a4r a4r D0", "84.0 81.2 80.7 75.2"),
    ("replication", "paper", "five training seeds", "SD of S", "points", "d4a4 d4-a4r a4r D0", "2.7 2.5 1.9 2.3"),
    ("replication", "paper", "five training seeds", "lowest S", "%", "d4a4 d4-a4r a4r D0", "81.4 78.4 79.4 71.8"),
    ("replication", "paper", "five training seeds", "highest S", "%", "d4a4 d4-a4r a4r D0", "87.6 83.4 84.0 77.4"),
    ("replication", "paper", "five training seeds", "mean S minus that of D0", "points", "d4a4 d4-a4r a4r", "8.8 6.0 5.5"),
    ("replication", SEEDS, "training seed 42", "S", "%", "D0 a4r d4-a4r", "74.0 80.2 83.2"),
    ("replication", "audit", "training seed 42", "S", "%", "d4a4", "83.6"),
    ("replication", SEEDS, "training seed 123", "S", "%", "D0 a4r d4-a4r d4a4", "77.4 84.0 83.4 87.6"),
    ("replication", SEEDS, "training seed 456", "S", "%", "D0 a4r d4-a4r d4a4", "76.0 80.4 78.4 81.4"),
    ("replication", SEEDS, "training seed 789", "S", "%", "D0 a4r d4-a4r d4a4", "71.8 79.6 78.6 81.6"),
    ("replication", SEEDS, "training seed 1337", "S", "%", "D0 a4r d4-a4r", "76.8 79.4 82.2"),
    ("replication", "audit", "training seed 1337", "S", "%", "d4a4", "86.0"),
    ("replication", "audit", "evaluation seed 42", "S", "%", "d4a4", "83.6"),
    ("replication", "audit", "evaluation seed 123", "S", "%", "d4a4", "88.4"),
    ("replication", "audit", "evaluation seed 456", "S", "%", "d4a4", "83.0"),
    ("replication", "audit", "evaluation seed 789", "S", "%", "d4a4", "82.6"),
    ("replication", "audit", "evaluation seed 2026", "S", "%", "d4a4", "82.8"),
    # appendix B.3
    ("controls", "paper", "audio CNN", "parameters", "M", FOUR, "3.2 3.2 3.2 3.2"),
    ("controls", "paper", "audio transformer", "parameters", "M", FOUR, "54.5 54.5 54.5 54.5"),
    ("controls", "paper", "audio positions", "parameters", "M", FOUR, "6.1 6.1 6.1 6.1"),
    ("controls", "paper", "MIDI embeddings", "parameters", "M", FOUR, "1.2 1.2 1.2 1.2"),
    ("controls", "paper", "MIDI transformer", "parameters", "M", FOUR, "10.5 10.5 10.5 10.5"),
    ("controls", "paper", "audio head", "parameters", "M", FOUR, "0.8 0.8 0.8 0.8"),
    ("controls", "paper", "MIDI head", "parameters", "M", FOUR, "0.4 0.4 0.4 0.4"),
    ("controls", "paper", "A4 injection", "parameters", "M", FOUR, "- 0.01 - -"),
    ("controls", "paper", "A4 reverse attention", "parameters", "M", FOUR, "- - 4.2 4.2"),
    ("controls", "paper", "D4 injection", "parameters", "M", FOUR, "- 0.01 - 0.01"),
    ("controls", "paper", "A4 concatenation", "parameters", "M", FOUR, "- 0.01 - -"),
    ("controls", "paper", "all components", "parameters", "M", FOUR, "74.2 75.5 78.6 78.9"),
    # controls of the same size, from the limitations
    ("controls", "paper", "real", "S", "%", "d4a4", "83.0"),
    ("controls", "paper", "zero", "S", "%", "d4a4", "75.0"),
    ("controls", "paper", "random", "S", "%", "d4a4", "73.6"),
    ("controls", "paper", "shuffled", "S", "%", "d4a4", "73.6"),
]  # fmt: skip
