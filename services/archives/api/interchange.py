"""HTTP in: archives go out as FHIR and come back, one at a time or a whole division's."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from services.archives.api.dependencies import Log, Worker
from services.archives.api.reading import Read, grant, note_read
from services.archives.commands import interchange
from services.archives.commands.interchange import DiffersError, Taken, make_portable
from services.archives.domain.errors import (
    AfterDeathError,
    ArchiveClosedError,
    BeforeBirthError,
    FutureEntryError,
    NoArchiveError,
)
from services.archives.fhir.reading import ADVICE, BundleRefusedError
from services.archives.fhir.writing import write_bundle
from services.archives.views import exports
from services.archives.views.people import Heard, find_heard
from services.archives.views.summaries import find_summary
from services.runtime.access import Caller, Role, allow
from services.runtime.parameters import IDEMPOTENT, DistrictOrStreet, PersonId, ServiceHere
from services.runtime.problems import Problem, refuses
from services.runtime.workers import BusyError, TooCostlyError

router = APIRouter(tags=["interchange"])

FHIR_JSON, NDJSON = "application/fhir+json", "application/fhir+ndjson"
Steward = Annotated[Caller, Depends(allow(Role.SUPERVISOR, Role.DISTRICT))]
_A_BUNDLE = {"requestBody": {"required": True, "content": {FHIR_JSON: {"schema": {"type": "object"}}}}}


@router.get(
    "/archives/export",
    summary="Export a division's archives",
    response_class=StreamingResponse,
    responses={200: {"content": {NDJSON: {}}}, **refuses(outside_your_division=403)},
)
async def get_export(
    service: ServiceHere,
    log: Log,
    caller: Steward,
    division: DistrictOrStreet,
) -> StreamingResponse:
    """Give the archives that a street or district keeps as NDJSON, one FHIR document bundle a line.

    The header `Houniao-Export` names the export; once the last line was sent, its manifest has the number of lines and
    the SHA-256 of the file. One line is one archive, so that each can be read, checked and imported by itself.
    """
    caller.must_cover(division)
    manifest = interchange.begin_export(division, caller.subject, service.clock())
    await exports.begin(service.database, manifest)
    described = f'</archives/exports/{manifest.export_id}>; rel="describedby"'
    headers = {"Houniao-Export": manifest.export_id, "Link": described}
    return StreamingResponse(interchange.export(service, log, caller, manifest), media_type=NDJSON, headers=headers)


@router.get("/archives/exports/{export_id}", summary="The manifest of an export", responses=refuses(not_found=404))
async def get_manifest(export_id: str, service: ServiceHere, caller: Steward) -> exports.Manifest:
    """Say how many archives an export comprises, as of when, and the SHA-256 of its file."""
    manifest = await exports.find(service.database, export_id)
    if manifest is None or not caller.covers(manifest.division):
        raise Problem(404, "not_found", "No such export of your division.")
    return manifest


@router.get(
    "/archives/{person_id}/fhir",
    summary="An archive as FHIR",
    response_class=Response,
    responses={200: {"content": {FHIR_JSON: {"schema": {"type": "object"}}}}, **refuses(not_found=404)},
)
async def get_fhir(person_id: PersonId, service: ServiceHere, log: Log, caller: Worker) -> Response:
    """Give what the caller's district knows of a person as a FHIR R4 document bundle."""
    heard = (await find_heard(service.database, [person_id])).get(person_id, Heard())
    granted = grant(caller, heard, None)
    await note_read(log, caller, Read(f"archive_fhir_as_{granted.read_as}", person_id, street=granted.street))
    summary = await find_summary(service.database, person_id, granted.district)
    told = make_portable(heard, granted.district, summary.duties if summary else ())
    bundle = await asyncio.to_thread(write_bundle, told, service.clock())
    return Response(interchange.render(bundle), media_type=FHIR_JSON)


async def _must_keep_one(person_id: PersonId, service: ServiceHere, caller: Steward) -> None:
    """Raise Problem (403) unless a district of the caller's keeps an archive, before anything of a bundle is read.

    Of a person who is not known the answer is the same: it does not tell what is kept elsewhere.
    """
    archives = (await find_heard(service.database, [person_id])).get(person_id, Heard()).archives
    if not any(caller.covers(district) for district in archives):
        raise Problem(403, "outside_your_division", "本区没有该人员的档案。No archive of this person in your division.")


@router.post(
    "/archives/{person_id}/fhir",
    summary="Take a FHIR bundle back in",
    openapi_extra=_A_BUNDLE,
    dependencies=[Depends(_must_keep_one), IDEMPOTENT],
    responses=refuses(
        DiffersError,
        NoArchiveError,
        ArchiveClosedError,
        FutureEntryError,
        BeforeBirthError,
        AfterDeathError,
        TooCostlyError,
        BusyError,
        outside_your_division=403,
        conflict=409,
        **dict.fromkeys(ADVICE, 422),
    ),
)
async def post_fhir(person_id: PersonId, request: Request, service: ServiceHere, caller: Steward) -> Taken:
    """Record what a bundle of ours has and is missing here; the same bundle again changes nothing.

    Refused are what is no valid FHIR (`not_fhir`), what was not written here (`not_ours`), what was changed on the way
    (`altered`), each with the path, and an entry that stands here and says something else (`entry_differs`).
    """
    try:
        return await interchange.take(service, caller, person_id, await request.body())
    except BundleRefusedError as error:
        raise Problem(422, error.code, ADVICE[error.code], field=error.path) from error
