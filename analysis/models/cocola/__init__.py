"""COCOLA: an EfficientNet over the harmonic and the percussive part of a mel spectrogram, compared by a bilinear form."""
