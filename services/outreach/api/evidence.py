"""HTTP in: file what proves an activity, see what is missing, read it back, hand it in as a whole."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Response, UploadFile
from pydantic import BaseModel

from contracts.outreach.activities import Activity
from contracts.outreach.evidence import Evidence, EvidenceItem
from contracts.outreach.files import FileKind
from services.outreach.api.dependencies import ActivityId, Reader, Worker, activity_of
from services.outreach.commands import evidence
from services.outreach.commands.activities import UnknownActivityError, change
from services.outreach.domain.activities import CancelledError, NotHeldError
from services.outreach.domain.evidence import EvidenceMissingError, TooManyFilesError, complete, missing
from services.outreach.intake.files import (
    EmptyFileError,
    RunsSomethingError,
    UnpacksToTooMuchError,
    UnreadableFileError,
    WrongTypeError,
)
from services.outreach.intake.pictures import NotAPictureError, PolyglotError, TooManyPixelsError
from services.outreach.views import files
from services.runtime.parameters import Cause, ServiceHere
from services.runtime.problems import Problem, refuses
from services.runtime.virus_scan import InfectedError, ScannerAwayError
from services.runtime.workers import BusyError, TooCostlyError

router = APIRouter(tags=["outreach"])

FILE_REFUSALS = (
    EmptyFileError,
    WrongTypeError,
    UnreadableFileError,
    RunsSomethingError,
    UnpacksToTooMuchError,
    NotAPictureError,
    PolyglotError,
    TooManyPixelsError,
    InfectedError,
    ScannerAwayError,
    TooCostlyError,
    BusyError,
)
"""What every route that takes a file in may refuse."""
MEDIA_TYPES: dict[FileKind, tuple[str, str]] = {
    FileKind.PICTURE: ("image/jpeg", "jpg"),
    FileKind.PDF: ("application/pdf", "pdf"),
    FileKind.DOCUMENT: ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    FileKind.WORKBOOK: ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
}
A_FILE: dict[int | str, dict[str, object]] = {200: {"content": {media: {} for media, _ in MEDIA_TYPES.values()}}}
"""What a route that gives a file answers, for OpenAPI."""


class EvidencePack(BaseModel):
    """The evidence of an activity: what was filed, and which items its kind needs and has not."""

    activity_id: str
    files: tuple[Evidence, ...]
    missing: tuple[EvidenceItem, ...]
    complete: bool


def file_response(kind: FileKind, file_id: str, content: bytes) -> Response:
    """Return a file to download, never to be shown as anything in the browser."""
    media, ending = MEDIA_TYPES[kind]
    return Response(
        content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{file_id}.{ending}"'}
    )


def _pack(activity: Activity) -> EvidencePack:
    lacking = missing(activity)
    return EvidencePack(
        activity_id=activity.activity_id, files=activity.evidence, missing=lacking, complete=not lacking
    )


async def _own(service: ServiceHere, caller: Worker, activity_id: ActivityId) -> Activity:
    """Return the activity before anything of a file is read."""
    return await activity_of(service, caller, activity_id)


@router.post(
    "/activities/{activity_id}/evidence",
    status_code=201,
    summary="File what proves an activity",
    responses=refuses(UnknownActivityError, CancelledError, NotHeldError, TooManyFilesError, *FILE_REFUSALS),
)
async def post_evidence(
    service: ServiceHere,
    caller: Worker,  # noqa: ARG001  # admits before the body is read
    activity: Annotated[Activity, Depends(_own)],
    file: UploadFile,
    item: Annotated[EvidenceItem, Form()],
    cause: Cause,
) -> EvidencePack:
    """File a picture, PDF, .docx or .xlsx (at most 10 MiB) under an item; a photo is a picture.

    What a file is follows from its content. Pictures are kept as JPEG without what is beside the picture.
    """
    return _pack(await evidence.file(service, activity, item, await file.read(), cause))


@router.get(
    "/activities/{activity_id}/evidence",
    summary="What proves an activity, and what is missing",
    responses=refuses(UnknownActivityError),
)
async def get_evidence(activity_id: ActivityId, service: ServiceHere, caller: Reader) -> EvidencePack:
    """Return the files and the items that are missing for this kind of activity."""
    return _pack(await activity_of(service, caller, activity_id))


@router.post(
    "/activities/{activity_id}/evidence/complete",
    summary="Hand the evidence in as a whole",
    responses=refuses(UnknownActivityError, NotHeldError, EvidenceMissingError),
)
async def post_complete(activity_id: ActivityId, service: ServiceHere, caller: Worker, cause: Cause) -> EvidencePack:
    """Record that the evidence is complete; what is missing is named."""
    await activity_of(service, caller, activity_id)
    return _pack(await change(service, activity_id, lambda known: complete(known, service.today), cause))


@router.get(
    "/activities/{activity_id}/evidence/{file_id}",
    summary="Read a file back",
    response_class=Response,
    responses={**A_FILE, **refuses(UnknownActivityError)},
)
async def get_file(
    activity_id: ActivityId,
    file_id: Annotated[str, Path(max_length=64)],
    service: ServiceHere,
    caller: Reader,
    thumbnail: bool = False,  # a query parameter
) -> Response:
    """Return a file of the activity's evidence, or the small picture of a picture."""
    activity = await activity_of(service, caller, activity_id)
    filed = next((one.file for one in activity.evidence if one.file.file_id == file_id), None)
    small = thumbnail and filed is not None and filed.thumbnail
    content = await files.read(service.database, file_id, thumbnail=small) if filed else None
    if filed is None or content is None:
        raise Problem(404, "not_found", "没有该文件。No such file in the evidence of this activity.")
    return file_response(filed.kind, file_id, content)
