"""How controls are shown among checkpoints: under the arm whose parameters they have, marked, in no ranking."""

from analysis.models.arms import control_of

CONTROL = "↳ "
OF_CONTROLS = "↳ control: the parameters of the arm above without what its descriptors tell; not ranked."


def marked(name: str, arm: str) -> str:
    """The name of a checkpoint, marked where its arm is a control.

    >>> marked("mine", "d4a4-zero"), marked("mine", "d4a4")
    ('↳ mine', 'mine')
    """
    return f"{CONTROL if control_of(arm) else ''}{name}"
