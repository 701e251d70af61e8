"""What crosses a service boundary: every fact, who says it and who hears it.

| fact | said by | heard by |
|---|---|---|
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | registration | every service |
| ArchiveOpened, EntryRecorded | archives | archives, reporting |
| ActivityPlanned, ActivityHeld | outreach | outreach, reporting |
"""
