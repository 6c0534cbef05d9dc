"""PupuJEPA: patches of a mel spectrogram, an encoder of the visible ones, and a predictor of what another says of the masked."""
