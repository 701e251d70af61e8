"""Outreach: health education for people where they live.

I own: institutions, educators and their training, year plans, activities and their evidence, boards and their issues,
materials and their movements, plays of recorded works, articles and supplies; prescriptions of health education and how
much they are used; cases of care; exposures to hazards at work with their training, and counselling rooms;
questionnaires, surveys and their answers; messages to people, their templates, and who wants none.

| fact | I say | I hear |
|---|---|---|
| BoardInstalled, BoardCorrected, BoardRemoved, BoardIssuePosted, BoardIssuePhotographed | yes | of districts served |
| CareCaseOpened, CareCaseVisited, CareVisitWithdrawn, CareCasePaired, CareCaseClosed | yes | of districts served |
| CounsellingRoomOpened, CounsellingRoomCorrected, CounsellingHeld, CounsellingRoomClosed | yes | of districts served |
| EducatorJoined, EducatorReleased, TrainingHeld, TrainingWithdrawn | yes | of districts served |
| ExposureRecorded, ExposureEnded, HazardTrainingHeld, HazardTrainingWithdrawn | yes | of districts served |
| InstitutionRegistered, InstitutionCorrected, InstitutionClosed | yes | of districts served |
| MaterialListed, MaterialReceived, MaterialDistributed, MovementRecorded | yes | of districts served |
| ArticleSubmitted, SupplyIssued | yes | of districts served |
| HonourAwarded, HonourWithdrawn | yes | of districts served |
| YearPlanDrafted, YearPlanAdjusted, YearPlanAdopted | yes | of districts served |
| PlayRecorded, AttendanceRecorded | yes | of districts served |
| PrescriptionGiven, PrescriptionWithdrawn, PrescriptionUseCounted | yes | of districts served |
| QuestionnairePublished | yes | of districts served |
| SurveyOpened, SurveyClosed, SurveySampleDrawn, SurveyAnswered | yes | of districts served |
| ActivityPlanned, ActivityReplanned, ActivityPublicised, ActivityHeld | yes | of districts served |
| ActivityCancelled, ActivityEvaluated | yes | of districts served |
| ActivityBudgeted, EvidenceFiled, EvidencePackCompleted | yes | of districts served |
| MessageRequested, MessageAttempted, MessagePostponed, MessageDoubted, MessageSent | yes | of districts served |
| MessageDelivered, MessageUndelivered, MessageFailed, MessageSuppressed | yes | of districts served |
| TemplateSaved, TemplateRetired, PreferenceStated | yes | of districts served |
| StandingOrderPlaced, StandingOrderEnded | yes | of districts served |
| DutyAnnounced | no | of districts served |
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | no | of districts served |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | no | of districts served |
"""
