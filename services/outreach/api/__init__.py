"""HTTP in, one module per subject: parse the request, call a command or a view, shape the response."""

from services.outreach.api import (
    activities,
    articles,
    audiences,
    audiovisuals,
    boards,
    evidence,
    exports,
    imports,
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
    evidence.router,
    exports.router,
    imports.router,
    materials.router,
    messages.router,
    reports.router,
    sign_ins.router,
    supplies.router,
    templates.router,
)
