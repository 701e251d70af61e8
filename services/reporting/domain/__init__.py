"""Reporting as pure functions: who is one person, who is under way, and how well two districts answered each other."""
