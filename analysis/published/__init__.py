"""Numbers that others have published, to stand beside ours and never among them."""
