"""Where jobs run: every executor offers the queue the same, so that the queue knows none of them."""
