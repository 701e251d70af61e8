"""Outreach: health education for people where they live.

I own: activities.

| fact | I say | I hear |
|---|---|---|
| ActivityPlanned, ActivityHeld | yes | of districts served |
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | no | of districts served |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | no | of districts served |
"""
