"""What single heads and layers of a model do with a clip: scores, ablation, patching, attribution."""
