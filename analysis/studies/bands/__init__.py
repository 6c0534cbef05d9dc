"""Which frequencies drive it?"""
