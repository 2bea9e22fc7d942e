"""A request as it comes in, checked: every fault with its field, nothing of what stood in it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from config.workspace.outgoing.addresses import Refused, place_of
from consent.opendsr.identities import FORMATS, KINDS, RAW, Identity, is_digest, normal

REGULATIONS: Final = ("gdpr", "ccpa")
TYPES: Final = ("access", "portability", "erasure")
VERSIONS: Final = ("0.1", "1.0", "2.0")  # their requests are the same
MOST_IDENTITIES, MOST_CALLBACKS = 50, 10
LONGEST_VALUE: Final = 512  # characters, as ingest takes
UUID_VERSION: Final = 4
AHEAD: Final = timedelta(minutes=5)  # that a controller's clock may be


@dataclass
class Faults:
    """What is wrong where."""

    found: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: str, message: str) -> None:
        """One more."""
        self.found.append((path, message))


class Faulty(ValueError):
    """The body cannot be taken. `faults` are paths with a sentence each."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__(faults[0][1])
        self.faults = faults


@dataclass(frozen=True)
class PassedOn:
    """A body without faults."""

    id: uuid.UUID
    type: str
    regulation: str
    submitted_at: datetime
    identities: tuple[Identity, ...]
    callback_urls: list[str]

    @property
    def substance(self) -> str:
        """What is asked, of whom: the same number with another substance is a mistake."""
        whom = sorted(f"{one.type} {one.format} {one.value}" for one in self.identities)
        return "\n".join([self.type, self.regulation, *whom])


def read(body: Any) -> PassedOn:
    """Everything checked at once. Raises Faulty."""
    faults = Faults()
    if not isinstance(body, dict):
        raise Faulty([("", "The body has to be an object.")])
    number = _id(body.get("subject_request_id"), faults)
    type_ = _one_of(body, "subject_request_type", TYPES, faults)
    regulation = _one_of(body, "regulation", REGULATIONS, faults)
    submitted_at = _moment(body.get("submitted_time"), faults)
    identities = tuple(_identities(body.get("subject_identities"), faults))
    urls = list(_callbacks(body.get("status_callback_urls"), identities, faults))
    if "api_version" in body:
        _one_of(body, "api_version", VERSIONS, faults)
    if not isinstance(body.get("extensions") or {}, dict):
        faults.add("extensions", "This has to be an object.")
    if faults.found or number is None or submitted_at is None:
        raise Faulty(faults.found)
    return PassedOn(number, type_, regulation, submitted_at, identities, urls)


def _id(given: Any, faults: Faults) -> uuid.UUID | None:
    path = "subject_request_id"
    if given is None:
        faults.add(path, "This is needed.")
        return None
    try:
        found = uuid.UUID(given) if isinstance(given, str) else None
    except ValueError:
        found = None
    if found is None or found.version != UUID_VERSION or str(found) != str(given).lower():
        faults.add(path, "This has to be a UUID of version 4.")
        return None
    return found


def _one_of(body: dict[str, Any], path: str, known: tuple[str, ...], faults: Faults) -> str:
    given = body.get(path)
    if given is None:
        faults.add(path, "This is needed.")
    elif not isinstance(given, str) or given not in known:
        faults.add(path, f"This is none of: {', '.join(known)}.")
    else:
        return given
    return ""


def _moment(given: Any, faults: Faults) -> datetime | None:
    path = "submitted_time"
    if given is None:
        faults.add(path, "This is needed.")
        return None
    try:
        found = parse_datetime(given) if isinstance(given, str) else None
        is_ahead = found is not None and found.tzinfo and found > timezone.now() + AHEAD
    except (ValueError, OverflowError):
        found, is_ahead = None, False
    if found is None or found.tzinfo is None or found.year < 2000:  # noqa: PLR2004 - no request is
        faults.add(path, "This has to be a time by RFC 3339, with its zone.")
        return None
    if is_ahead:
        faults.add(path, "This lies in the future.")
    return found


def _identities(given: Any, faults: Faults) -> Iterator[Identity]:
    path = "subject_identities"
    if given is None or given == []:
        faults.add(path, "At least one is needed.")
    elif not isinstance(given, list):
        faults.add(path, "This has to be a list.")
    elif len(given) > MOST_IDENTITIES:
        faults.add(path, f"There are more than {MOST_IDENTITIES}.")
    else:
        for n, one in enumerate(given):
            if found := _identity(one, f"{path}[{n}]", faults):
                yield found


def _identity(given: Any, path: str, faults: Faults) -> Identity | None:
    if not isinstance(given, dict):
        faults.add(path, "This has to be an object.")
        return None
    before = len(faults.found)
    type_, value = given.get("identity_type"), given.get("identity_value")
    format_ = given.get("identity_format", RAW)
    if not isinstance(type_, str) or type_ not in KINDS:
        faults.add(f"{path}.identity_type", "This is none of those that /discovery lists.")
    if not isinstance(format_, str) or format_ not in FORMATS:
        faults.add(f"{path}.identity_format", f"This is none of: {', '.join(FORMATS)}.")
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_VALUE:
        faults.add(f"{path}.identity_value", f"This has to be a text up to {LONGEST_VALUE} long.")
    if len(faults.found) > before:
        return None
    found = Identity(str(type_), str(value).strip(), str(format_))
    is_well = normal(found) if format_ == RAW else is_digest(found.format, found.value)
    if not is_well:
        faults.add(f"{path}.identity_value", "This is no value of this type and format.")
        return None
    return found


def _callbacks(given: Any, identities: tuple[Identity, ...], faults: Faults) -> Iterator[str]:
    path = "status_callback_urls"
    if given is None:
        return
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        faults.add(path, "This has to be a list of addresses.")
        return
    if len(given) > MOST_CALLBACKS:
        faults.add(path, f"There are more than {MOST_CALLBACKS}.")
        return
    for n, url in enumerate(dict.fromkeys(given)):
        try:
            place_of(url)
        except Refused as error:
            faults.add(f"{path}[{n}]", str(error))
            continue
        if any(one.value.lower() in unquote(url).lower() for one in identities):
            # it is kept longer than the person
            faults.add(f"{path}[{n}]", "It must not name the person.")
        else:
            yield url
