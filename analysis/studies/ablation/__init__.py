"""Which input is causal?"""
