"""Numbers as they are said: percentages and probabilities."""

ALPHA = 0.05


def percent(share: float) -> str:
    """A share of 1 as a percentage with one decimal.

    >>> percent(0.0390625)
    '3.9 %'
    """
    return f"{100 * share:.1f} %"


def p_words(p: float) -> str:
    """A p with three decimals, more where three would hide on which side of 0.05 it lies.

    >>> p_words(0.0004), p_words(0.0499), p_words(0.04999), p_words(0.05)
    ('p < 0.001', 'p = 0.04990', 'p = 0.04999', 'p = 0.050')
    """
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p >= ALPHA or f"{p:.3f}" != f"{ALPHA:.3f}" else f"p = {p:.5f}"
