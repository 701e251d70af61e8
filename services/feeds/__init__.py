"""Feeds: what happened to people, for other systems and without identifying anybody.

I own: subscriptions, and the feed of each audience, with gapless positions of its own.

| fact | I say | I hear |
|---|---|---|
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | no | of districts served |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | no | of districts served |
| PersonsMerged, PersonsUnmerged | no | of districts served |
| NoticeSent, NoticeReminded, NoticeEscalated, NoticeWithdrawn | no | of every district |
| NoticeReceived, NoticePaired, NoticeVerified, NoticeConfirmed, NoticeRejected | no | of every district |
| ArchiveOpened, ArchiveCompleted, PaperCompared | no | of districts served |
| ArchiveContinued, ArchiveClosed, ArchiveReopened | no | of districts served |
| ChronicEnrolled, EnrolmentEnded | no | of districts served |
| ActivityPlanned, ActivityReplanned, ActivityPublicised | no | of districts served |
| ActivityHeld, ActivityCancelled, ActivityEvaluated | no | of districts served |
| ReportSealed, IndicatorsPublished | no | of districts served |
| SubscriptionRequested, SubscriptionApproved, SubscriptionAmended | yes | of districts served |
| SubscriptionRefused, SubscriptionRevoked | yes | of districts served |
"""
