"""Studies: one package per question, found through `registry`; what they share stands beside them."""
