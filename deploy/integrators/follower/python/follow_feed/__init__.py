"""Follows a feed of Houniao: begins with a snapshot, goes on with what comes, and counts each event once."""
