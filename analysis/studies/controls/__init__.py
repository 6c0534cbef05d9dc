"""Is it the information or the parameters?"""
