"""Questions about what heads and tokens do in one recording: which follow the music, and what moves without them."""
