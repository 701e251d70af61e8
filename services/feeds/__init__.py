"""Feeds: what happened to people, for other systems and without identifying anybody.

I own: an append-only feed per district with gapless positions.

| fact | I say | I hear |
|---|---|---|
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | no | of districts served |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | no | of districts served |
"""
