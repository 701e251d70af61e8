"""Feeds: what happened, for other systems, without saying to whom.

I own: an append-only feed per district with gapless positions.

| fact | I say | I hear |
|---|---|---|
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | no | of districts served |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | no | of districts served |
"""
