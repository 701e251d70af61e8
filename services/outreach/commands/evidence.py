"""File evidence of an activity: the file is stored first, then the fact that names it is recorded."""

from contracts.outreach.activities import Activity
from contracts.outreach.evidence import EvidenceItem
from services.outreach.commands.activities import change
from services.outreach.commands.files import settle, take_in
from services.outreach.domain.evidence import file_evidence, kinds_of, must_take
from services.runtime.service import Service


async def file(service: Service, activity: Activity, item: EvidenceItem, content: bytes, cause: str) -> Activity:
    """Take a file in as evidence of an activity and return the activity with it.

    The same content under the same item again changes nothing. Raise a RefusedError if the file or its time is wrong.
    """
    must_take(activity, item)
    stream = f"activity/{activity.activity_id}"
    checked = await take_in(service, content, cause, stream, kinds_of(item))
    filed = await change(service, activity.activity_id, lambda known: file_evidence(known, item, checked.file), cause)
    if any(one.file.file_id == checked.file.file_id for one in filed.evidence):
        await settle(service, checked, stream)
    return filed
