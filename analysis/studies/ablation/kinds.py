"""Names of what takes the place of a descriptor in the study `ablation`, as in its tables."""

ZERO = "zero"
WINDOW_NOISE = "noise, mean and SD of the window"
TRAINING_NOISE = "noise, mean and SD of the training set"
SHUFFLED = "shuffled in time within the window"
EXCHANGED = "exchanged across all windows"
SAME_WORK = "of another window of the same work"
OTHER_WORK = "of a window of another work"
MEAN = "mean of all windows"
KINDS = (ZERO, WINDOW_NOISE, TRAINING_NOISE, SHUFFLED, EXCHANGED, SAME_WORK, OTHER_WORK, MEAN)
EXCHANGES = (EXCHANGED, SAME_WORK, OTHER_WORK)
