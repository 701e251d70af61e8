"""Feeds: what happened to people, for other systems and without identifying anybody.

I own: an append-only feed for each district with gapless positions.
I say: nothing yet.
I hear: stays.
"""
