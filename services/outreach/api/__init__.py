"""HTTP in, one module per subject: parse the request, call a command or a view, shape the response."""

from services.outreach.api import (
    activities,
    articles,
    audiences,
    audiovisuals,
    boards,
    calendar,
    evidence,
    exports,
    imports,
    institutions,
    materials,
    messages,
    reports,
    sign_ins,
    supplies,
    templates,
)

routers = (
    activities.router,
    articles.router,
    audiences.router,
    audiovisuals.router,
    boards.router,
    calendar.router,
    evidence.router,
    exports.router,
    imports.router,
    institutions.router,
    materials.router,
    messages.router,
    reports.router,
    sign_ins.router,
    supplies.router,
    templates.router,
)
