"""Feeds: what happened to people, for other systems and without identifying anybody.

I own: subscriptions, and the feed of each audience, with gapless positions of its own.

| fact | I say | I hear |
|---|---|---|
| StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted | no | of districts served |
| StayCorrected, StayRelocated, StayTraceLost, StayTraceFound | no | of districts served |
| SubscriptionRequested, SubscriptionApproved, SubscriptionAmended | yes | of districts served |
| SubscriptionRefused, SubscriptionRevoked | yes | of districts served |
"""
