"""Would another training give the same?"""
