"""HTTP in, one module per subject: parse the request, call a command or a view, shape the response."""

from services.outreach.api import (
    activities,
    audiences,
    audiovisuals,
    boards,
    evidence,
    materials,
    messages,
    reports,
    sign_ins,
    templates,
)

routers = (
    activities.router,
    audiences.router,
    audiovisuals.router,
    boards.router,
    evidence.router,
    materials.router,
    messages.router,
    reports.router,
    sign_ins.router,
    templates.router,
)
