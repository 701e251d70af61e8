"""Outreach: health education for people where they live.

I own: activities.
I say: ActivityPlanned, ActivityHeld.
I hear: stays, for audiences, and my own facts.
"""
