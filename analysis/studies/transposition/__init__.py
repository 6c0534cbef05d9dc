"""Does it follow a transposition, or ignore it?"""
