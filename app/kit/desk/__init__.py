"""The clip desk: one recording on one clock, drawn and played in the browser."""
