"""Make similarity.json: numbers of independent packages on small seeded arrays, to which the library's are compared.

    pip install --no-deps --target PEERS ckatorch==1.0.3 torch_cka==0.21 rsatoolbox==0.3.2 h5py scikit-image …
    PYTHONPATH=PEERS python tests/golden/make_similarity.py

What the packages do differently:
- ckatorch's RBF kernel takes the lower of the two middle distances for a median where n² is even; n is odd here.
- torch_cka needs models and loaders of equal batches; its HSIC is called here with Gram matrices, in fp64 and centred (in fp32
  without centring, activations with a large mean give it NaN or wrong numbers).
- rsatoolbox's "cosine_cov" (whitened cosine) of squared Euclidean RDMs is biased linear CKA.
- netrep has no package on the index. Its LinearCKA is the arccos of biased CKA, which the tests check to be a metric.
"""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

SHAPES = {"few features": (25, 6, 9), "many features": (15, 40, 30)}
BATCH = 5


def arrays(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Two sides that share a part, with a mean."""
    n, p, q = SHAPES[name]
    rng = np.random.default_rng(n)
    shared = rng.standard_normal((n, 3))
    x = shared @ rng.standard_normal((3, p)) + rng.standard_normal((n, p)) + 2
    return x, shared @ rng.standard_normal((3, q)) + rng.standard_normal((n, q)) - 1


def main() -> None:
    """Write the file beside this script."""
    from ckatorch.core import cka_base, cka_batch  # pyright: ignore[reportMissingImports]
    from rsatoolbox.data import Dataset  # pyright: ignore[reportMissingImports]
    from rsatoolbox.rdm import RDMs, calc_rdm, compare  # pyright: ignore[reportMissingImports]
    from torch_cka import CKA  # pyright: ignore[reportMissingImports]

    golden = {}
    for name in SHAPES:
        x, y = arrays(name)
        one, other = torch.from_numpy(x), torch.from_numpy(y)
        found = {
            "biased CKA": cka_base(one, other).item(),
            "debiased CKA": cka_base(one, other, unbiased=True).item(),
            "minibatch CKA": cka_batch(one.reshape(-1, BATCH, x.shape[1]), other.reshape(-1, BATCH, y.shape[1])).item(),
        }
        for t in (0.2, 0.4, 0.8):
            found[f"biased RBF CKA, t = {t}"] = cka_base(one, other, kernel="rbf", threshold=t).item()
            found[f"debiased RBF CKA, t = {t}"] = cka_base(one, other, kernel="rbf", threshold=t, unbiased=True).item()
        centred = [side - side.mean(dim=0) for side in (one, other)]
        grams = [(side @ side.T).fill_diagonal_(0).float() for side in centred]
        hsic = {(i, j): CKA._HSIC(SimpleNamespace(device="cpu"), grams[i], grams[j]) for i, j in ((0, 0), (0, 1), (1, 1))}
        found["torch_cka"] = hsic[0, 1] / (hsic[0, 0] * hsic[1, 1]) ** 0.5
        correlation = [calc_rdm(Dataset(side), method="correlation") for side in (x, y)]
        euclidean = [calc_rdm(Dataset(side), method="euclidean") for side in (x, y)]
        unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (x, y)]
        above = np.triu_indices(len(x), 1)
        cosine = [RDMs((1 - side @ side.T)[above][None]) for side in unit]
        tied = [RDMs(np.round(4 * (1 - side @ side.T)[above])[None]) for side in unit]
        for rdm, pair in (("cosine", cosine), ("correlation", correlation), ("tied", tied)):
            for comparison, method in (("Spearman", "spearman"), ("rho-a", "rho-a")):
                found[f"RSA, {rdm}, {comparison}"] = float(compare(*pair, method=method)[0, 0])
        found["whitened cosine"] = float(compare(*euclidean, method="cosine_cov")[0, 0])
        golden[name] = found
    record = {"made with": "ckatorch 1.0.3, torch_cka 0.21, rsatoolbox 0.3.2", "values": golden}
    Path(__file__).with_name("similarity.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
