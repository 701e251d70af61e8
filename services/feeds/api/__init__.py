"""HTTP in, one module per subject: parse the request, call a command or a view, shape the response."""

from services.feeds.api import snapshots, stays, subscriptions, webhooks

routers = (stays.router, snapshots.router, subscriptions.router, webhooks.router)
