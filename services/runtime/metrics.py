"""The metrics of a service, for `/metrics`."""

from prometheus_client import Counter, Gauge

RELAYED = Counter("houniao_commits_relayed_total", "Commits that the broker confirmed")
APPLIED = Counter("houniao_events_applied_total", "Events applied to views, repetitions included")
PARKED_MESSAGES = Counter("houniao_messages_parked_total", "Messages or events parked")
UNHEARD = Gauge("houniao_unheard_keys", "Routing keys under which something waits that no queue takes yet")
OLDEST_UNSENT = Gauge("houniao_oldest_unsent_seconds", "Age of the oldest commit that the broker has not confirmed")
