"""Archives: one health archive that follows the person from district to district, and what is entered in it.

I own: archives, entries, enrolments, and who keeps an archive (custody).
I say: ArchiveOpened, ArchiveCompleted, PaperCompared, ArchiveContinued, ArchiveClosed, ArchiveReopened; EntryRecorded,
EntryCorrected, EntryVoided, EntryForwarded; ChronicEnrolled, EnrolmentEnded; CustodyOffered, CustodyAccepted,
CustodyRefused, CustodyReturned, CustodyReleased.
I hear: stays, deaths and merges of every district, and of archives what is said in, or to, the districts I serve.
"""
