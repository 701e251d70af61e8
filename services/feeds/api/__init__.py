"""HTTP in, one module per subject: parse the request, call a command or a view, shape the response."""

from services.feeds.api import feeds, fhir, progress, snapshots, subscriptions, webhooks

routers = (feeds.router, snapshots.router, fhir.router, subscriptions.router, progress.router, webhooks.router)
