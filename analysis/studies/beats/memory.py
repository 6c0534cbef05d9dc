"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.beats.maps import tempi
from analysis.studies.beats.study import Request
from analysis.studies.memory import DOUBLE, FLOAT, SIDES, count_pieces

LIBRARIES_BYTES = 300_000_000  # librosa with what it compiles
COPIES = 4  # of embeddings; in parts, joined, kept, compared
TEMPORARIES = 12  # maps of one recording that are made of it


def extra_bytes(request: Request, _n_windows: int, width: int) -> int:
    """librosa; embeddings of the windows of a recording and of templates; its map several times; maps of all recordings."""
    moments, n_tempi = round(request.seconds / request.stride_s), len(tempi(request.bpm_step))
    rows = COPIES * SIDES * FLOAT * width * (moments + n_tempi)
    kept = FLOAT * count_pieces(request.corpus) * len(request.checkpoints) * moments * n_tempi
    return LIBRARIES_BYTES + rows + TEMPORARIES * DOUBLE * moments * n_tempi + kept
