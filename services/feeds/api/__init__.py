"""HTTP in, one module per subject: parse the request, call a command or a view, shape the response."""

from services.feeds.api import stays, subscriptions

routers = (stays.router, subscriptions.router)
