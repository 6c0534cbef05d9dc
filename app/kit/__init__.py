"""What the pages of all studies are made of."""
