"""ViT-1D: a transformer over the frames of a mel spectrogram, with a class token."""
