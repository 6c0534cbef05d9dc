"""What arXiv 2604.10283 and its authors' report say of the battery of tests, copied by hand.

A row: study, source, condition, measure, unit, arms, values in the order of the arms; "-" where there is none.
"""

FOUR = "D0 d4a4 a4r d4-a4r"
WITH_A4 = "d4a4 a4r d4-a4r"
POOL = "canonical pool"
CKA = "biased linear CKA"
L2 = "L2 change of the embedding, +0.1"
TOGETHER = "A4 read linearly, arms with A4 together"

ROWS = [
    # table 5, and what the report adds to it
    ("retrieval", "paper", POOL, "S", "%", FOUR, "73.4 83.8 82.0 79.8"),
    ("retrieval", "paper", POOL, "R@1 audio to MIDI", "%", FOUR, "22.2 28.0 27.6 25.2"),
    ("retrieval", "paper", POOL, "R@10 audio to MIDI", "%", FOUR, "74.8 84.4 82.6 81.4"),
    ("retrieval", "paper", POOL, "MRR audio to MIDI", "", FOUR, "0.380 0.458 0.438 0.426"),
    ("retrieval", "paper", POOL, "R@10 MIDI to audio", "%", FOUR, "73.4 83.8 82.0 79.8"),
    ("retrieval", "paper", POOL, "MRR MIDI to audio", "", FOUR, "0.372 0.442 0.424 0.420"),
    ("retrieval", "paper", POOL, "accuracy against random pieces", "%", FOUR, "98.4 99.0 98.8 99.4"),
    ("retrieval", "report", POOL, "R@5 audio to MIDI", "%", FOUR, "56.2 67.8 64.8 65.8"),
    ("retrieval", "report", POOL, "R@20 audio to MIDI", "%", FOUR, "90.0 93.6 93.6 94.4"),
    ("retrieval", "report", POOL, "R@1 MIDI to audio", "%", FOUR, "21.2 27.6 25.8 24.0"),
    ("retrieval", "report", POOL, "R@5 MIDI to audio", "%", FOUR, "56.0 65.6 63.0 64.4"),
    ("retrieval", "report", POOL, "R@20 MIDI to audio", "%", FOUR, "89.0 93.0 93.8 91.4"),
    ("retrieval", "report", POOL, "mean rank audio to MIDI", "", FOUR, "8.37 5.23 5.44 5.64"),
    ("retrieval", "report", POOL, "mean rank MIDI to audio", "", FOUR, "8.87 5.63 5.83 6.12"),
    ("retrieval", "report", POOL, "accuracy against same piece", "%", FOUR, "94.6 95.4 94.4 94.2"),
    # table 6, whose numbers the public text has lost
    ("ablation", "report", "real", "S", "%", "d4a4 a4r d4-a4r d4", "83.8 82.0 79.8 63.6"),
    ("ablation", "report", "zero A4", "S", "%", WITH_A4, "7.8 4.4 4.4"),
    ("ablation", "report", "noise A4", "S", "%", WITH_A4, "22.0 29.0 26.8"),
    ("ablation", "report", "shuffle A4", "S", "%", WITH_A4, "46.6 49.8 47.4"),
    ("ablation", "report", "zero D4", "S", "%", "d4a4 d4-a4r d4", "84.4 79.4 62.8"),
    ("ablation", "report", "noise D4", "S", "%", "d4a4 d4-a4r d4", "84.4 79.8 63.6"),
    ("ablation", "report", "shuffle D4", "S", "%", "d4a4 d4-a4r d4", "83.8 79.8 62.4"),
    ("ablation", "report", "zero A4 and D4", "S", "%", "d4a4", "7.6"),
    # table 7 and the retention of the report
    ("transposition", "paper", "-6 semitones", "S", "%", FOUR, "13.8 24.2 27.0 27.0"),
    ("transposition", "paper", "-3 semitones", "S", "%", FOUR, "26.6 41.4 46.2 45.0"),
    ("transposition", "paper", "-1 semitones", "S", "%", FOUR, "65.6 75.2 76.6 73.2"),
    ("transposition", "paper", "0 semitones", "S", "%", FOUR, "73.4 83.8 82.0 79.8"),
    ("transposition", "paper", "+1 semitones", "S", "%", FOUR, "64.0 75.6 76.8 75.2"),
    ("transposition", "paper", "+3 semitones", "S", "%", FOUR, "27.4 44.6 51.0 49.2"),
    ("transposition", "paper", "+6 semitones", "S", "%", FOUR, "13.4 25.6 27.6 27.2"),
    ("transposition", "report", "±3 semitones", "retention", "%", FOUR, "36.8 51.3 59.3 59.0"),
    # table 8, the corners of its figure, and what the report has
    ("similarity", "paper", "mean of the 4 × 4 layers", CKA, "", FOUR, "0.435 0.659 0.766 0.794"),
    ("similarity", "paper", "mean of the 4 × 4 layers", "RSA", "", FOUR, "0.446 0.646 0.721 0.761"),
    ("similarity", "paper", "first layers", CKA, "", "D0 d4-a4r", "0.305 0.686"),
    ("similarity", "paper", "last layers", CKA, "", "D0 d4-a4r", "0.722 0.873"),
    ("similarity", "report", "last layers", CKA, "", "d4a4 a4r", "0.827 0.863"),
    ("similarity", "report", "last layers", "RSA", "", FOUR, "0.660 0.808 0.854 0.864"),
    ("similarity", "report", "mean of the 4 × 4 layers", "RSA", "", FOUR, "0.363 0.589 0.684 0.719"),
    # table 9
    ("bands", "paper", "band 0, 47–94 Hz", L2, "", WITH_A4, "0.073 0.238 0.303"),
    ("bands", "paper", "band 1, 94–188 Hz", L2, "", WITH_A4, "0.224 0.335 0.313"),
    ("bands", "paper", "band 2, 188–375 Hz", L2, "", WITH_A4, "0.375 0.381 0.514"),
    ("bands", "paper", "band 3, 375–750 Hz", L2, "", WITH_A4, "0.546 0.423 0.526"),
    ("bands", "paper", "band 4, 750–1,500 Hz", L2, "", WITH_A4, "0.664 0.478 0.773"),
    ("bands", "paper", "band 5, 1,500–3,000 Hz", L2, "", WITH_A4, "0.662 0.476 0.599"),
    ("bands", "paper", "band 6, 3,000–6,000 Hz", L2, "", WITH_A4, "0.264 0.875 1.092"),
    ("bands", "paper", "band 7, 6,000–12,000 Hz", L2, "", WITH_A4, "0.209 0.933 0.529"),
    ("bands", "report", TOGETHER, "mean |r| over dimensions, upper bound", "", WITH_A4, "0.05 0.05 0.05"),
    ("bands", "report", TOGETHER, "largest |r|, upper bound", "", WITH_A4, "0.28 0.28 0.28"),
    # table 10; of the shifts it has the worse direction of every arm, of the octaves both
    ("invariance", "report", "audio shifted by -8000 samples", "S", "%", FOUR, "71.2 76.6 75.0 77.6"),
    ("invariance", "report", "audio shifted by -4000 samples", "S", "%", FOUR, "72.4 80.8 77.6 77.6"),
    ("invariance", "report", "audio shifted by +4000 samples", "S", "%", FOUR, "70.2 81.2 77.6 76.6"),
    ("invariance", "report", "audio shifted by +8000 samples", "S", "%", FOUR, "68.2 79.0 75.6 76.2"),
    ("invariance", "paper", "note velocity × 0.5", "S", "%", FOUR, "5.2 8.8 6.8 6.4"),
    ("invariance", "report", "note velocity × 0.8", "S", "%", FOUR, "37.2 46.8 34.8 32.4"),
    ("invariance", "report", "note velocity × 1.2", "S", "%", FOUR, "54.0 55.2 45.0 44.2"),
    ("invariance", "paper", "note velocity × 1.5", "S", "%", FOUR, "18.4 12.8 12.4 11.6"),
    ("transposition", "paper", "-12 semitones", "S", "%", FOUR, "12.0 16.0 17.4 17.0"),
    ("transposition", "paper", "+12 semitones", "S", "%", FOUR, "10.0 13.8 16.0 15.8"),
    ("transposition", "report", "-24 semitones", "S", "%", FOUR, "8.4 9.8 11.2 11.2"),
    ("transposition", "report", "+24 semitones", "S", "%", FOUR, "5.2 7.4 9.8 9.0"),
    ("invariance", "report", "noise at 40 dB SNR", "S", "%", FOUR, "73.4 79.8 66.0 67.6"),
    ("invariance", "report", "noise at 30 dB SNR", "S", "%", FOUR, "73.4 67.0 47.2 50.2"),
    ("invariance", "report", "noise at 20 dB SNR", "S", "%", FOUR, "73.0 54.8 41.2 40.4"),
    ("invariance", "report", "noise at 10 dB SNR", "S", "%", FOUR, "46.8 52.2 40.4 41.8"),
    ("invariance", "paper", "noise at 5 dB SNR", "S", "%", FOUR, "17.8 25.0 31.8 33.0"),
    # table 11
    ("probes", "paper", "pitch histogram from audio", "R²", "", FOUR, "0.181 0.174 0.167 0.186"),
    ("probes", "paper", "interval histogram from audio", "R²", "", FOUR, "0.094 0.112 0.095 0.115"),
    ("probes", "paper", "chroma from MIDI", "R²", "", FOUR, "0.330 0.245 0.255 0.251"),
    ("probes", "paper", "spectral centroid from MIDI", "R²", "", FOUR, "0.616 0.637 0.662 0.652"),
    ("probes", "paper", "chroma from audio", "R²", "", FOUR, "0.310 0.235 0.249 0.231"),
    ("probes", "paper", "pitch histogram from MIDI", "R²", "", FOUR, "0.239 0.236 0.233 0.233"),
    # section 5.8
    ("embedding", "paper", "matched pairs", "mean cosine", "", "D0 d4a4", "0.58 0.72"),
]  # fmt: skip
