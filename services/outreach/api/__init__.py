"""HTTP in: one module per subject; a request is parsed, a command or a view asked, the answer shaped."""

from services.outreach.api import activities, audiences

routers = (
    activities.router,
    audiences.router,
)
