"""HTTP in: one module per subject; a request is parsed, a command or a view asked, the answer shaped."""

from services.feeds.api import stays

routers = (stays.router,)
