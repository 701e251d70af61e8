"""Reporting: numbers of streets and districts.

I own: targets, yearly figures, supervision visits, and how sheets are worked through; one row per stay, notice, answer,
person, conflict, archive, entry, enrolment and act of outreach, each with its earlier versions; what everybody
contributes to numbers, and the counters that this sums up to; reports and the files that were sealed.

| fact | I say | I hear |
|---|---|---|
| ReportDrafted, ReportReviewed, ReportApproved, ReportSealed | yes | of districts served |
| ReportRestated, ReportWithdrawn | yes | of districts served |
| IndicatorsPublished | yes | no |
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | no | of districts served |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | no | of districts served |
| NoticeSent, NoticeReminded, NoticeEscalated, NoticeWithdrawn | no | of every district |
| NoticeReceived, NoticePaired, NoticeVerified, NoticeConfirmed, NoticeRejected | no | of every district |
| PersonDied, DeathRetracted, PersonsMerged, PersonsUnmerged | no | of every district |
| ConflictRaised, ConflictResolved | no | of districts served |
| ArchiveOpened, ArchiveCompleted, ArchiveContinued, ArchiveClosed, ArchiveReopened | no | of districts served |
| PaperCompared | no | of districts served |
| EntryRecorded, EntryCorrected, EntryVoided, EntryForwarded | no | of districts served |
| ChronicEnrolled, EnrolmentEnded | no | of districts served |
| CustodyOffered, CustodyAccepted, CustodyRefused, CustodyReturned, CustodyReleased | no | of districts served |
| ActivityPlanned, ActivityReplanned, ActivityPublicised, ActivityHeld | no | of districts served |
| ActivityCancelled, ActivityEvaluated | no | of districts served |
| ActivityBudgeted, EvidenceFiled, EvidencePackCompleted | no | of districts served |
| InstitutionRegistered, InstitutionCorrected, InstitutionClosed | no | of districts served |
| ExposureRecorded, ExposureEnded, HazardTrainingHeld, HazardTrainingWithdrawn | no | of districts served |
| BoardInstalled, BoardCorrected, BoardRemoved | no | of districts served |
| BoardIssuePosted, BoardIssuePhotographed | no | of districts served |
| MovementRecorded, PlayRecorded, ArticleSubmitted, PrescriptionUseCounted | no | of districts served |
| TrainingHeld, TrainingWithdrawn, SurveyAnswered | no | of districts served |
| TargetSet, TargetWithdrawn, FigureRecorded, FigureWithdrawn | yes | of districts served |
| SupervisionHeld, FindingReviewed, SupervisionCirculated, SupervisionWithdrawn | yes | of districts served |
"""
