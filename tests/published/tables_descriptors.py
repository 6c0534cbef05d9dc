"""What arXiv 2604.10283 says of its descriptors (tables 1, 13 and 14), copied by hand.

A row: study, source, condition, measure, unit, arms, values in the order of the arms.
"""

BANDS = [
    # table 1: condition, lower and upper edge (Hz), first STFT bin and the one after the last, width (Hz)
    ("band 0, 47–94 Hz", 47, 94, 4, 8, 47),
    ("band 1, 94–188 Hz", 94, 188, 8, 16, 94),
    ("band 2, 188–375 Hz", 188, 375, 16, 32, 187),
    ("band 3, 375–750 Hz", 375, 750, 32, 64, 375),
    ("band 4, 750–1,500 Hz", 750, 1500, 64, 128, 750),
    ("band 5, 1,500–3,000 Hz", 1500, 3000, 128, 256, 1500),
    ("band 6, 3,000–6,000 Hz", 3000, 6000, 256, 512, 3000),
    ("band 7, 6,000–12,000 Hz", 6000, 12000, 512, 1025, 6000),
]
BAND_MEASURES = [("lower edge", "Hz"), ("upper edge", "Hz"), ("first bin", ""), ("bin after the last", ""), ("width", "Hz")]

RATIOS = [
    # table 14: condition, log2 of the ratio, cents
    ("attractor 0, 1/1", 0.000, 0),
    ("attractor 1, 16/15", 0.093, 112),
    ("attractor 2, 9/8", 0.170, 204),
    ("attractor 3, 6/5", 0.263, 316),
    ("attractor 4, 5/4", 0.322, 386),
    ("attractor 5, 4/3", 0.415, 498),
    ("attractor 6, 7/5", 0.485, 583),
    ("attractor 7, 3/2", 0.585, 702),
    ("attractor 8, 8/5", 0.678, 814),
    ("attractor 9, 5/3", 0.737, 884),
    ("attractor 10, 7/4", 0.807, 969),
    ("attractor 11, 15/8", 0.907, 1088),
]
RATIO_MEASURES = [("log2 of the ratio", ""), ("interval", "cents")]

ROWS = [
    *(
        ("descriptors", "paper", condition, measure, unit, "A4", str(value))
        for condition, *values in BANDS
        for (measure, unit), value in zip(BAND_MEASURES, values, strict=True)
    ),
    *(
        ("descriptors", "paper", condition, measure, unit, "A7", str(value))
        for condition, *values in RATIOS
        for (measure, unit), value in zip(RATIO_MEASURES, values, strict=True)
    ),
    # table 13: one for every descriptor; its column of S is that of table 2
    ("descriptors", "paper", "every frame or note", "dimensions", "", "D4 A4 A7 A8 A9", "4 8 12 12 12"),
]
