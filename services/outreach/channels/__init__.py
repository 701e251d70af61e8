"""The ways to a person: each asks one gateway, and says what came of it in the words of `domain/messages.py`."""
