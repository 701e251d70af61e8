"""HTTP in, one module per subject: parse the request, call a command or a view, shape the response."""

from services.reporting.api import (
    assessments,
    conservation,
    explaining,
    figures,
    flows,
    imports,
    indicators,
    matrix,
    pyramid,
    rebuilds,
    report_files,
    reports,
    scores,
    series,
    supervision,
    targets,
)

routers = (
    assessments.router,
    conservation.router,
    explaining.router,
    figures.router,
    flows.router,
    imports.router,
    indicators.router,
    matrix.router,
    pyramid.router,
    rebuilds.router,
    report_files.router,
    reports.router,
    scores.router,
    series.router,
    supervision.router,
    targets.router,
)
