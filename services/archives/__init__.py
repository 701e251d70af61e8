"""Archives: one health archive that follows the person from district to district, and what is entered in it.

I own: archives, entries, enrolments, and who keeps an archive (custody).

| fact | I say | I hear |
|---|---|---|
| ArchiveOpened, ArchiveCompleted, ArchiveContinued, ArchiveClosed, ArchiveReopened | yes | of districts served |
| PaperCompared | yes | of districts served |
| EntryRecorded, EntryCorrected, EntryVoided, EntryForwarded | yes | of districts served |
| ChronicEnrolled, EnrolmentEnded | yes | of districts served |
| CustodyOffered, CustodyAccepted, CustodyRefused, CustodyReturned, CustodyReleased | yes | of districts served |
| DutyAnnounced | yes | no |
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | no | of every district |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | no | of every district |
| PersonDied, DeathRetracted, PersonsMerged, PersonsUnmerged | no | of every district |
| PrescriptionGiven, PrescriptionWithdrawn, AttendanceRecorded | no | of districts served |
"""
