"""The clip page alone, in a server that knows families made up for tests."""

from analysis.models import families
from app.views import clip
from tests.conformance.made_up_listeners import FAMILIES


def page() -> None:
    """The families are made known, then the page is drawn."""
    for family in FAMILIES:
        families.register(family)
    clip.page()


if __name__ == "__main__":
    page()
