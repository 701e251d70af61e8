"""HTTP in, one module per subject: parse the request, call a command or a view, shape the response."""

from services.registration.api import (
    arrivals,
    conflicts,
    contacts,
    duplicates,
    identities,
    imports,
    inquiries,
    names,
    notices,
    people,
    stay_lists,
    stays,
    tasks,
    transfers,
)

routers = (
    arrivals.router,
    stay_lists.router,
    stays.router,
    people.router,
    notices.router,
    inquiries.router,
    transfers.router,
    conflicts.router,
    contacts.router,
    tasks.router,
    duplicates.router,
    imports.router,
    identities.router,
    names.router,
)
