"""Reporting: true numbers for streets and districts.

I own: one row per stay, archive, entry and activity.
I say: nothing yet.
I hear: everything.
"""
