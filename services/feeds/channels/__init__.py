"""The ways to other systems: each asks one receiver, and says what came of it in the words of `domain/webhooks.py`."""
