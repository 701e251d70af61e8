"""HTTP in: one module per subject; a request is parsed, a command or a view asked, the answer shaped."""

from services.registration.api import (
    arrivals,
    conflicts,
    duplicates,
    identities,
    imports,
    inquiries,
    notices,
    people,
    stays,
    tasks,
    transfers,
)

routers = (
    arrivals.router,
    stays.router,
    people.router,
    notices.router,
    inquiries.router,
    transfers.router,
    conflicts.router,
    tasks.router,
    duplicates.router,
    imports.router,
    identities.router,
)
