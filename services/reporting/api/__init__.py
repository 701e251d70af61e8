"""HTTP in, one module per subject: parse the request, call a command or a view, shape the response."""

from services.reporting.api import flows, scores

routers = (
    flows.router,
    scores.router,
)
