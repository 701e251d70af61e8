"""Registration: who stays where, and who they are.

I own: stays, the notices between offices and their answers, what is known of people (deaths, merges), conflicts, the
sealed identities, registers handed in, and the log of who saw whose identity.

| fact | I say | I hear |
|---|---|---|
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | yes | of every district |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | yes | of every district |
| NoticeSent, NoticeReminded, NoticeEscalated, NoticeWithdrawn | yes | of every district |
| NoticeReceived, NoticePaired, NoticeVerified, NoticeConfirmed, NoticeRejected | yes | of every district |
| PersonDied, DeathRetracted, PersonsMerged, PersonsUnmerged | yes | of every district |
| ConflictRaised, ConflictResolved | yes | of every district |

Arrivals, departures and answers come over HTTP, in registers, and from street offices over RabbitMQ.
"""
