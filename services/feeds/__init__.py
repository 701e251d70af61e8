"""Feeds: what happened, for other systems, without saying to whom.

I own: an append-only feed per district with gapless positions.
I say: nothing yet.
I hear: stays.
"""
