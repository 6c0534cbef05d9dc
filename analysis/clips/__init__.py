"""What models do with one recording."""
