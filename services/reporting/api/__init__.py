"""HTTP in: one module per subject; a request is parsed, a command or a view asked, the answer shaped."""

from services.reporting.api import flows, scores

routers = (
    flows.router,
    scores.router,
)
