"""Reporting: true numbers for streets and districts.

I own: one row per stay, notice, answer, person, conflict, archive, entry and activity, and where traces of people go.
I say: nothing yet.
I hear: everything; notices, answers, deaths and merges of every district.
"""
