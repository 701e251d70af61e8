"""Reporting: numbers of streets and districts.

I own: one row per stay, notice, answer, person, conflict, archive, entry and activity, and the traces of people.
I say: nothing yet.
I hear: everything; notices, answers, deaths and merges of every district.
"""
