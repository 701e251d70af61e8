"""HTTP in: one module per subject; a request is parsed, a command or a view asked, the answer shaped."""

from services.archives.api import (
    archives,
    custody,
    duties,
    enrolments,
    entries,
    findings,
    imports,
    interchange,
    lists,
)

# interchange and the lists first: /archives/export and /archives/kept name no person
routers = (
    interchange.router,
    findings.router,
    imports.router,
    lists.router,
    archives.router,
    duties.router,
    custody.router,
    entries.router,
    enrolments.router,
)
