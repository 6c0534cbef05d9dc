"""What does it ignore?"""
