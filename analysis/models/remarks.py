"""What must be known of an arm before its numbers are read: what it is not told, what it is told too much, what is our choice."""

from analysis.descriptors.registry import find_descriptor
from analysis.models.arms import Arm
from analysis.models.config import Entry
from analysis.models.injections.registry import find_injection

OURS = "This arm is ours, not in the source."
CROSSED = (
    "Each side is given the descriptor of the other side of the same window, so that a query carries something of its match: S "
    "does not say how well a recording alone finds its notes."
)


def remarks(arm: Arm) -> tuple[str, ...]:
    """Sentences to be read beside an arm: constants in place of descriptors, what crosses, what the source leaves open."""
    entries = [entry for entry in (arm.audio, arm.midi) if entry]
    sentences = [sentence for entry in entries if (sentence := constant(entry))]
    sentences += [CROSSED] if any(find_injection(entry.injection).crosses for entry in entries) else []
    sentences += [find_injection(entry.injection).unsaid(find_descriptor(entry.descriptor).reads) for entry in entries]
    sentences += [_third_unsaid()] if arm.has_third_tower else []
    sentences += [OURS] if arm.origin == "ours" and not arm.control_of else []
    return tuple(dict.fromkeys(filter(None, sentences)))


def constant(entry: Entry) -> str:
    """That a mechanism gets a constant in place of the descriptor, where it does; else "".

    >>> constant(Entry("A4", "film"))
    'FiLM is given the mean of A4 over time, which is 0 by construction: a constant, which tells nothing of A4.'
    >>> constant(Entry("D4", "film")), constant(Entry("A4", "concat"))
    ('', '')
    """
    descriptor, mechanism = find_descriptor(entry.descriptor), find_injection(entry.injection)
    if not (descriptor.has_mean_zero and mechanism.summarises):
        return ""
    given = f"the mean of {descriptor.name} over time, which is 0 by construction"
    return f"{mechanism.summarises} given {given}: a constant, which tells nothing of {descriptor.name}."


def _third_unsaid() -> str:
    from analysis.models.third_tower import UNSAID

    return UNSAID
