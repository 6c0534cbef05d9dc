"""How the page of each study shows its result."""
