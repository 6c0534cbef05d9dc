"""Can it find the match?"""
