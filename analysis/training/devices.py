"""Where models are computed."""

import torch


def pick_device() -> torch.device:
    """cuda, else mps, else cpu. Where fp32 is asked for, convolutions on cuda are computed in it, as they are elsewhere."""
    if torch.cuda.is_available():
        torch.backends.cudnn.allow_tf32 = False
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
