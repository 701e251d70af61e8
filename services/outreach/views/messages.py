"""The rows of messages, templates, preferences and standing orders, and queries for them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from contracts.envelope import render_time
from contracts.outreach.messages import (
    Message,
    MessageChannel,
    MessageFact,
    MessageState,
    PreferenceFact,
    Template,
    TemplateFact,
)
from contracts.outreach.standing_orders import StandingOrder, StandingOrderFact
from contracts.reference.divisions import Area
from contracts.registration.stays import StayState
from services.outreach.views.residents import RESIDENTS
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

MESSAGES = "messages"
TEMPLATES = "templates"
PREFERENCES = "preferences"
STANDING_ORDERS = "standing_orders"
REACHED = "reached"
"""Who was reached by the standing order of a division, forgotten long after nobody is new any more."""
REACHED_SECONDS = 400 * 24 * 3600
NEWCOMERS = 200
"""People whose core messages are asked for between two looks at what else there is to do."""


async def prepare(database: Database) -> None:
    """Make the indexes that the queries of messages need."""
    messages = database[MESSAGES]
    due: Document = {"next_at": {"$type": "string"}}
    await make_index(
        messages, [("channel", 1), ("district", 1), ("next_at", 1)], name="due", partialFilterExpression=due
    )
    await make_index(messages, [("street", 1), ("requested_at", -1), ("_id", 1)], name="street")
    await make_index(messages, [("person_id", 1), ("requested_at", -1)], name="person")
    await make_index(messages, [("request_id", 1), ("state", 1)], name="request")
    await make_index(database[REACHED], "at", name="at", expireAfterSeconds=REACHED_SECONDS)
    await make_index(database[TEMPLATES], [("owner", 1), ("_id", 1)], name="owner")


def message_row(message: Message, sequence: int) -> Row:
    """Return the row of a message."""
    fields = message.model_dump(mode="json", exclude={"message_id"})
    return Row(MESSAGES, message.message_id, sequence, {**fields, "district": message.street[:6]})


def messaging_row(said: MessageFact | TemplateFact | PreferenceFact | StandingOrderFact, sequence: int) -> Row:
    """Return the row of what is said about messages."""
    match said:
        case MessageFact(message=message):
            return message_row(message, sequence)
        case TemplateFact(template=template):
            fields = template.model_dump(mode="json", exclude={"template_id"})
            return Row(TEMPLATES, template.template_id, sequence, fields)
        case PreferenceFact(preference=preference):
            return Row(PREFERENCES, preference.preference_id, sequence, preference.model_dump(mode="json"))
        case StandingOrderFact(order=order):
            return Row(STANDING_ORDERS, order.order_id, sequence, order.model_dump(mode="json"))


def read_message(document: Document) -> Message:
    """Return the message of a row."""
    return Message.model_validate({**document, "message_id": document["_id"]})


async def list_messages(
    database: Database, areas: Sequence[Area], state: MessageState | None, cursor: str, limit: int
) -> list[Message]:
    """Return a page of the messages of areas, by street and then the newest first; `cursor` is a row's."""
    query: Document = {"street": in_areas(areas)}
    if state is not None:
        query["state"] = state.value
    if cursor:
        street, requested_at, name = cursor.split("/")
        query = {"$and": [query, _after(street, requested_at, name)]}
    found = database[MESSAGES].find(query, hint="street").sort([("street", 1), ("requested_at", -1), ("_id", 1)])
    return [read_message(document) async for document in found.limit(limit)]


def cursor_of(message: Message) -> str:
    """Return the cursor of the page that begins after a message."""
    return f"{message.street}/{render_time(message.requested_at)}/{message.message_id}"


def _after(street: str, requested_at: str, name: str) -> Document:
    same = {"street": street, "requested_at": requested_at, "_id": {"$gt": name}}
    return {"$or": [{"street": {"$gt": street}}, {"street": street, "requested_at": {"$lt": requested_at}}, same]}


async def list_messages_to(database: Database, person_id: str, limit: int) -> list[Message]:
    """Return the newest messages to a person."""
    found = database[MESSAGES].find({"person_id": person_id}, hint="person").sort("requested_at", -1).limit(limit)
    return [read_message(document) async for document in found]


async def count_states(database: Database, request_id: str) -> dict[str, int]:
    """Return how many messages that were asked for together are in each state."""
    stages: list[Document] = [
        {"$match": {"request_id": request_id}},
        {"$group": {"_id": "$state", "count": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    return {row["_id"]: row["count"] async for row in database[MESSAGES].aggregate(stages, hint="request")}


async def find_street_of_request(database: Database, request_id: str) -> str | None:
    """Return the street of one of the messages that were asked for together; None if there are none."""
    document = await database[MESSAGES].find_one({"request_id": request_id}, {"street": 1}, hint="request")
    return document["street"] if document else None


async def find_due_districts(database: Database, channel: MessageChannel, now: datetime) -> list[str]:
    """Return the districts that have messages due over a channel, in order."""
    due = {"channel": channel.value, "next_at": {"$type": "string", "$lte": render_time(now)}}
    return sorted(await database[MESSAGES].distinct("district", due))


async def find_due(database: Database, channel: MessageChannel, district: str, now: datetime, limit: int) -> list[str]:
    """Return the ids of a district's messages that are due over a channel, the longest due first."""
    query: Document = {
        "channel": channel.value,
        "district": district,
        "next_at": {"$type": "string", "$lte": render_time(now)},
    }
    found = database[MESSAGES].find(query, {"_id": 1}, hint="due").sort("next_at", 1).limit(limit)
    return [document["_id"] async for document in found]


async def list_templates(database: Database, owners: Iterable[str]) -> list[Template]:
    """Return the templates of some divisions that may be used, at most 500."""
    query = {"owner": {"$in": list(owners)}, "retired": False}
    found = database[TEMPLATES].find(query, hint="owner").sort([("owner", 1), ("_id", 1)]).limit(500)
    return [Template.model_validate({**document, "template_id": document["_id"]}) async for document in found]


async def list_standing_orders(database: Database) -> list[StandingOrder]:
    """Return the orders that stand; there is one at most for a division and topic."""
    found: Any = database[STANDING_ORDERS].find({"ended": False}).sort("_id", 1)
    return [StandingOrder.model_validate(document) async for document in found]


async def find_newcomers(
    database: Database, areas: Sequence[Area], owner: str, since: date
) -> list[tuple[str, str, date]]:
    """Return people who live in areas since a day or later and were not reached by an order, at most so many.

    Each is a person, a street and the day of arrival.
    """
    arrived = {"street": in_areas(areas), "started_on": {"$gte": since.isoformat()}, "state": StayState.OPEN.value}
    order = {"$concat": [f"{owner}/", "$person_id"]}
    stages: list[Document] = [
        {"$match": arrived},
        {"$project": {"person_id": 1, "street": 1, "started_on": 1, "order": order}},
        {"$lookup": {"from": REACHED, "localField": "order", "foreignField": "_id", "as": "reached"}},
        {"$match": {"reached": []}},
        {"$limit": NEWCOMERS},
    ]
    found = database[RESIDENTS].aggregate(stages, hint="arrival")
    return [(row["person_id"], row["street"], date.fromisoformat(row["started_on"])) async for row in found]


async def find_reached(database: Database, order_id: str, names: Iterable[str]) -> set[str]:
    """Return those of some people, announcements or activities for which the messages of an order were asked."""
    keys = [f"{order_id}/{name}" for name in names]
    return {row["_id"].rpartition("/")[2] async for row in database[REACHED].find({"_id": {"$in": keys}})}


async def note_reached(database: Database, order_id: str, name: str, now: datetime) -> None:
    """Note that the messages of an order were asked for a person, an announcement or an activity."""
    await database[REACHED].update_one({"_id": f"{order_id}/{name}"}, {"$setOnInsert": {"at": now}}, upsert=True)
