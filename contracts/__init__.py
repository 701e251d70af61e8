"""Everything that crosses a service boundary: each fact, the service that publishes it and those that hear it.

| fact | published by | heard by |
|---|---|---|
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | registration | every service |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | registration | every service |
| NoticeSent, NoticeReminded, NoticeEscalated, NoticeWithdrawn | registration | registration, reporting, feeds |
| NoticeReceived, NoticePaired, NoticeVerified | registration | registration, reporting, feeds |
| NoticeConfirmed, NoticeRejected | registration | registration, reporting, feeds |
| PersonDied, DeathRetracted | registration | registration, archives, reporting |
| PersonsMerged, PersonsUnmerged | registration | registration, archives, reporting, feeds |
| ConflictRaised, ConflictResolved | registration | registration, reporting |
| ArchiveOpened, ArchiveCompleted, PaperCompared | archives | archives, reporting, feeds |
| ArchiveContinued, ArchiveClosed, ArchiveReopened | archives | archives, reporting, feeds |
| EntryRecorded, EntryCorrected, EntryVoided, EntryForwarded | archives | archives, reporting |
| ChronicEnrolled, EnrolmentEnded | archives | archives, reporting, feeds |
| CustodyOffered, CustodyAccepted, CustodyRefused | archives | archives, reporting |
| CustodyReturned, CustodyReleased | archives | archives, reporting |
| DutyAnnounced | archives | outreach |
| BoardInstalled, BoardCorrected, BoardRemoved | outreach | outreach, reporting |
| BoardIssuePosted, BoardIssuePhotographed | outreach | outreach, reporting |
| CareCaseOpened, CareCaseVisited, CareVisitWithdrawn, CareCasePaired, CareCaseClosed | outreach | outreach |
| CounsellingRoomOpened, CounsellingRoomCorrected, CounsellingHeld, CounsellingRoomClosed | outreach | outreach |
| EducatorJoined, EducatorReleased | outreach | outreach |
| TrainingHeld, TrainingWithdrawn | outreach | outreach, reporting |
| ExposureRecorded, ExposureEnded, HazardTrainingHeld, HazardTrainingWithdrawn | outreach | outreach, reporting |
| InstitutionRegistered, InstitutionCorrected, InstitutionClosed | outreach | outreach, reporting |
| MaterialListed, MaterialReceived, MaterialDistributed, SupplyIssued | outreach | outreach |
| ArticleSubmitted, MovementRecorded | outreach | outreach, reporting |
| HonourAwarded, HonourWithdrawn | outreach | outreach |
| YearPlanDrafted, YearPlanAdjusted, YearPlanAdopted | outreach | outreach |
| PlayRecorded, PrescriptionUseCounted | outreach | outreach, reporting |
| PrescriptionGiven, PrescriptionWithdrawn, AttendanceRecorded | outreach | outreach, archives |
| QuestionnairePublished | outreach | outreach |
| SurveyOpened, SurveyClosed, SurveySampleDrawn | outreach | outreach |
| SurveyAnswered | outreach | outreach, reporting |
| ActivityPlanned, ActivityReplanned, ActivityPublicised | outreach | outreach, reporting, feeds |
| ActivityHeld, ActivityCancelled, ActivityEvaluated | outreach | outreach, reporting, feeds |
| ActivityBudgeted, EvidenceFiled, EvidencePackCompleted | outreach | outreach, reporting |
| MessageRequested, MessageAttempted, MessagePostponed, MessageDoubted, MessageSent | outreach | outreach |
| MessageDelivered, MessageUndelivered, MessageFailed, MessageSuppressed | outreach | outreach |
| TemplateSaved, TemplateRetired, PreferenceStated | outreach | outreach |
| StandingOrderPlaced, StandingOrderEnded | outreach | outreach |
| SubscriptionRequested, SubscriptionApproved, SubscriptionAmended | feeds | feeds |
| SubscriptionRefused, SubscriptionRevoked | feeds | feeds |
| TargetSet, TargetWithdrawn, FigureRecorded, FigureWithdrawn | reporting | reporting |
| SupervisionHeld, FindingReviewed, SupervisionCirculated, SupervisionWithdrawn | reporting | reporting |
| ReportDrafted, ReportReviewed, ReportApproved | reporting | reporting |
| ReportSealed | reporting | reporting, feeds |
| ReportRestated, ReportWithdrawn | reporting | reporting |
| IndicatorsPublished | reporting | feeds |
"""
