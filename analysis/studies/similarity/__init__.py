"""Do layers and encoders speak the same language?"""
