"""Ingest under /v1/ in the OpenAPI document: it has no views of DRF, so it is written down here.

The names of the calls are those that the edge answers; the shape of a call is Segment's published
one (https://segment.com/docs/connections/spec/), of which only what tells calls apart is asked for.
"""

from typing import Any

from profiles.calls import limits
from profiles.ingest.middleware import KINDS, PREFIX

TEXT: dict[str, Any] = {"type": "string"}
MOMENT = {"type": "string", "format": "date-time"}
OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": True}
MANY = ("batch", "import")
OWN = {
    "identify": {"traits": OBJECT},
    "track": {"event": TEXT | {"maxLength": limits.MAX_EVENT_NAME}, "properties": OBJECT},
    "page": {"name": TEXT, "category": TEXT, "properties": OBJECT},
    "screen": {"name": TEXT, "category": TEXT, "properties": OBJECT},
    "group": {"groupId": TEXT, "traits": OBJECT},
    "alias": {"previousId": TEXT},
}
NEEDED = {"track": ["event"], "group": ["groupId"], "alias": ["previousId"]}
SHARED = {
    "messageId": TEXT | {"maxLength": limits.MAX_MESSAGE_ID, "description": "Yours: once only."},
    "userId": TEXT | {"description": "Or anonymousId: one of them names the person."},
    "anonymousId": TEXT,
    "timestamp": MOMENT | {"description": "When it happened; absent: now."},
    "sentAt": MOMENT,
    "context": OBJECT,
    "integrations": OBJECT,
    "writeKey": TEXT | {"description": "Where no header names the source."},
}
WORDS = {
    "identify": "Who somebody is: identifiers and traits.",
    "track": "What somebody did.",
    "page": "A page that somebody saw.",
    "screen": "A screen of an app that somebody saw.",
    "group": "What somebody belongs to.",
    "alias": "Two ids that are one person.",
    "batch": "Several calls at once, each with its `type`. A bad one does not fail the others.",
    "import": "As batch, for history: old times are taken from a trusted source.",
}
SCHEMES: dict[str, Any] = {
    "writeKey": {"type": "http", "scheme": "basic", "description": "The write key as user name."},
    "writeKeyBearer": {"type": "http", "scheme": "bearer", "description": "The write key."},
}
TAKEN = {
    "type": "object",
    "required": ["success"],
    "properties": {
        "success": {"type": "boolean"},
        "rejected": {
            "type": "array",
            "description": "Absent where everything was taken.",
            "items": {
                "type": "object",
                "required": ["index", "reason", "code", "path"],
                "properties": {
                    "index": {"type": "integer"},
                    "reason": TEXT,
                    "code": TEXT,
                    "path": TEXT,
                },
            },
        },
    },
}
REFUSED = {
    "type": "object",
    "required": ["success", "code", "message"],
    "properties": {"success": {"type": "boolean"}, "code": TEXT, "message": TEXT, "path": TEXT},
}


def add_ingest(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: the document with the calls under /v1/."""
    schemas = result["components"]["schemas"]
    schemas |= {"IngestTaken": TAKEN, "IngestRefused": REFUSED}
    for kind in KINDS:
        schemas[_shape(kind)] = _many() if kind in MANY else _call(kind)
    result["components"].setdefault("securitySchemes", {}).update(SCHEMES)
    result["paths"] |= {f"{PREFIX}{kind}": {"post": _operation(kind)} for kind in KINDS}
    return result


def _shape(kind: str) -> str:
    return f"Ingest{kind.title()}"


def _call(kind: str) -> dict[str, Any]:
    """The shape of one call; what else it holds is taken with it."""
    return {
        "type": "object",
        "properties": {**OWN[kind], **SHARED},
        "additionalProperties": True,
        **({"required": NEEDED[kind]} if kind in NEEDED else {}),
    }


def _many() -> dict[str, Any]:
    known = [kind for kind in KINDS if kind not in MANY]
    item = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"type": "string", "enum": known}, **SHARED},
        "additionalProperties": True,
    }
    batch = {"type": "array", "items": item, "maxItems": limits.MAX_BATCH_ITEMS}
    shared = {name: SHARED[name] for name in ("sentAt", "context", "integrations", "writeKey")}
    return {"type": "object", "required": ["batch"], "properties": {"batch": batch, **shared}}


def _operation(kind: str) -> dict[str, Any]:
    return {
        "operationId": f"ingest_{kind}",
        "description": WORDS[kind],
        "tags": ["ingest"],
        "security": [{name: []} for name in SCHEMES],
        "requestBody": {"required": True, "content": _json(_shape(kind))},
        "responses": {
            "200": {"description": "Committed.", "content": _json("IngestTaken")},
            "default": {"description": "What is wrong.", "content": _json("IngestRefused")},
        },
    }


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
