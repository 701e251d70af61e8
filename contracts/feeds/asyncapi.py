"""The feeds as an AsyncAPI document, from the side of a system that follows them in any of the ways there are."""

from collections.abc import Mapping

from contracts.envelope import BATCH_CONTENT_TYPE, EVENT_CONTENT_TYPE, Fact
from contracts.feeds.feeds import FEEDS, FeedName, name_told, told_type
from contracts.feeds.told import describe_told, told_facts
from contracts.feeds.words import HAPPENED
from contracts.json_schema import Json

WAYS: Mapping[str, str] = {
    "http": "Read page by page, from a position on; with `wait` until something is told.",
    "events": "Sent as it is told, as server-sent events: `id` is the position, `event` the type, `data` the event.",
    "webhook": "Delivered page by page to a URL of yours, by Standard Webhooks; answer with 2xx.",
    "queue": "Taken from a queue, which goes on where you acknowledged last.",
    "stream": "Read from a stream, again from any offset (`x-stream-offset`).",
}
"""How a feed is followed."""
_PLACE: Json = {
    "division": {"type": "string", "description": "The district; that of the token, if it is for one."},
    "after": {"type": "integer", "minimum": 0, "default": 0, "description": "The last position that you have."},
}
_PAGE: Json = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    "wait": {"type": "number", "minimum": 0, "maximum": 30, "default": 0, "description": "Seconds."},
}
_TAKEN: Json = {"amqp": {"ack": True, "bindingVersion": "0.3.0"}}
_ASKED: Mapping[str, Json] = {
    "http": {
        "http": {"method": "GET", "query": {"type": "object", "properties": _PLACE | _PAGE}, "bindingVersion": "0.3.0"}
    },
    "events": {"http": {"method": "GET", "query": {"type": "object", "properties": _PLACE}, "bindingVersion": "0.3.0"}},
    "webhook": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
    "queue": _TAKEN,
    "stream": _TAKEN,
}
_SIGNED: Json = {
    "type": "object",
    "properties": {
        "webhook-id": {"type": "string", "description": "The same whenever the same page comes again."},
        "webhook-timestamp": {"type": "string", "description": "Seconds since 1970."},
        "webhook-signature": {"type": "string", "description": "`v1,` and the signature, once for each secret."},
    },
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
}


def asyncapi() -> Json:
    """Return the AsyncAPI 3.0 document: each feed in each way, and a message for whatever is told."""
    schemas: Json = {}
    for name, fact in told_facts():
        event = describe_told(name, fact, "#/components/schemas/{model}")
        schemas |= event.pop("$defs", {}) | {told_type(fact.TYPE): event}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Houniao 候鸟: feeds for other systems",
            "version": "1.0.0",
            "description": "What a system that subscribed to a feed of a district is told, as CloudEvents 1.0. "
            "`position` counts 1, 2, 3, … without gaps in each subscription's feed, whichever way it is followed: "
            "keep the last one, and leave out what is not above it. "
            "How to subscribe, and how to take a snapshot, is in OpenAPI (`/openapi.json`).",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": EVENT_CONTENT_TYPE,
        "servers": _servers(),
        "channels": {f"{name}_{way}": _channel(name, way) for name in FEEDS for way in WAYS},
        "operations": {f"follow_{name}_{way}": _operation(name, way) for name in FEEDS for way in WAYS},
        "components": {
            "messages": _messages(),
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": _security(),
        },
    }


def _servers() -> Json:
    return {
        "feeds": {
            "host": "{host}",
            "protocol": "https",
            "description": "The feeds service.",
            "variables": {"host": {"default": "127.0.0.1:8005"}},
            "security": [{"$ref": "#/components/securitySchemes/token"}],
        },
        "rabbitmq": {
            "host": "{host}",
            "pathname": "/houniao",
            "protocol": "amqp",
            "protocolVersion": "0.9.1",
            "description": "RabbitMQ, for subscriptions with `amqp` in their terms.",
            "variables": {"host": {"default": "127.0.0.1:5672"}},
            "security": [{"$ref": "#/components/securitySchemes/integrator"}],
        },
        "yours": {
            "host": "{host}",
            "protocol": "https",
            "description": "Your own server, to whose URL a webhook leads.",
            "variables": {"host": {"default": "hooks.example.org"}},
            "security": [{"$ref": "#/components/securitySchemes/signature"}],
        },
    }


def _security() -> Json:
    return {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token with the role `integrator` and a division that covers the district.",
        },
        "integrator": {
            "type": "userPassword",
            "description": "The user `integrator-<subscription_id>`, which may read its queue and stream.",
        },
        "signature": {
            "type": "httpApiKey",
            "in": "header",
            "name": "webhook-signature",
            "description": "Standard Webhooks: HMAC-SHA256 by the webhook's secret over id, timestamp and body.",
        },
    }


def _channel(name: FeedName, way: str) -> Json:
    """Return a feed in one way; a message is a page, or where it comes as it is told, an event."""
    told: Json = {"title": f"{name}: {way}", "description": WAYS[way]}
    events = _named(*map(_type_of, FEEDS[name].facts))
    match way:
        case "http":
            return {**told, "address": f"/feeds/{name}", **_at("feeds"), "messages": _named(f"{name}_page")}
        case "events":
            return {**told, "address": f"/feeds/{name}/events", **_at("feeds"), "messages": events}
        case "webhook":
            return {**told, "address": None, **_at("yours"), "messages": _named(f"{name}_delivery")}
        case _:
            return {**told, **_queue(way), **_at("rabbitmq"), "messages": events}


def _at(server: str) -> Json:
    return {"servers": [{"$ref": f"#/servers/{server}"}]}


def _named(*messages: str) -> Json:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in messages}


def _queue(way: str) -> Json:
    address = "integrator.{subscription_id}" + (".stream" if way == "stream" else "")
    queue = {"name": address, "durable": True, "exclusive": False, "autoDelete": False, "vhost": "houniao"}
    return {
        "address": address,
        "parameters": {"subscription_id": {"description": "The id of your subscription: 32 hexadecimal digits."}},
        "bindings": {"amqp": {"is": "queue", "queue": queue, "bindingVersion": "0.3.0"}},
    }


def _operation(name: FeedName, way: str) -> Json:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{name}_{way}"},
        "summary": WAYS[way],
        "bindings": _ASKED[way],
        "tags": [{"name": name.value}],
    }


def _messages() -> Json:
    events = {_type_of(fact): _event(fact) for _, fact in told_facts()}
    pages = {f"{name}_page": _page(name, 1000) for name in FEEDS}
    deliveries = {f"{name}_delivery": {**_page(name, 100), "headers": _SIGNED} for name in FEEDS}
    return events | pages | deliveries


def _event(fact: type[Fact]) -> Json:
    return {
        "name": _type_of(fact),
        "title": fact.__name__,
        "summary": HAPPENED[name_told(fact)],
        "contentType": EVENT_CONTENT_TYPE,
        "payload": _payload(fact),
    }


def _page(name: FeedName, most: int) -> Json:
    return {
        "title": f"A page of {name}",
        "summary": "Events in order of position; none, where nothing is told yet.",
        "contentType": BATCH_CONTENT_TYPE,
        "payload": {"type": "array", "maxItems": most, "items": {"oneOf": [*map(_payload, FEEDS[name].facts)]}},
    }


def _payload(fact: type[Fact]) -> Json:
    return {"$ref": f"#/components/schemas/{_type_of(fact)}"}


def _type_of(fact: type[Fact]) -> str:
    return told_type(fact.TYPE)
