"""How is the space laid out?"""
