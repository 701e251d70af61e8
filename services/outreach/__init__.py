"""Outreach: health education for people where they live.

I own: activities, boards and their issues, materials and their movements, plays of audio-visual works.

| fact | I say | I hear |
|---|---|---|
| ActivityPlanned, ActivityHeld | yes | of districts served |
| BoardInstalled, BoardCorrected, BoardRemoved, BoardIssuePosted, BoardIssuePhotographed | yes | of districts served |
| MaterialListed, MaterialReceived, MaterialDistributed, MovementRecorded | yes | of districts served |
| PlayRecorded | yes | of districts served |
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | no | of districts served |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | no | of districts served |
"""
