"""From posted statements to the ledger's, with the path of everything that is wrong."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from config.workspace.api.problems import FieldError, Problem, field_errors
from config.workspace.frequency import Frequency
from config.workspace.zones import stamp
from consent.api.serializers import StatementSerializer
from consent.channels import CHANNELS
from consent.ledger.acts import UNDONE
from consent.ledger.recording import Statement
from consent.ledger.subjects import Referred, SaidOfAddress, WasErased, contact_points, refer_all
from consent.models import Purpose, Topic
from consent.models.ledger import ConsentStatus
from consent.volume import ChosenLimit, evidence_of, limit_said, set_limits

MANY = 1000


def statements_of(body: Any) -> tuple[list[Statement], bool]:
    """The statements of a body, one or a list, and whether it was a list. Raises Problem."""
    many = isinstance(body, list)
    given = body if many else [body]
    if len(given) > MANY:
        raise Problem(400, detail=_("At most 1,000 statements at once."))
    errors: list[FieldError] = []
    shape = StatementSerializer()
    shaped = [
        _shaped(item, shape, f"[{n}]" if many else "", errors) for n, item in enumerate(given)
    ]
    if errors:
        raise Problem(400, detail=errors[0]["message"], errors=errors)
    purposes = {purpose.slug: purpose for purpose in Purpose.objects.all()}
    topics = {topic.slug: topic for topic in Topic.objects.all()}
    for n, item in enumerate(shaped):
        _named(item, f"[{n}]" if many else "", purposes, topics, errors)
    if errors:
        raise Problem(400, detail=errors[0]["message"], errors=errors)
    people = _people([item["person"] for item in shaped], many)
    points = contact_points(
        [
            SaidOfAddress(
                people[one["person"]], purposes[one["purpose"]], one["channel"], one["status"]
            )
            for one in shaped
        ]
    )
    found = [
        _statement(item, people[item["person"]], purposes[item["purpose"]], topics, point)
        for item, point in zip(shaped, points, strict=True)
    ]
    return found, many


@transaction.atomic
def _people(references: Sequence[str], many: bool) -> dict[str, Referred]:
    """Who they are; nobody is made where one cannot be. Raises Problem."""
    found = refer_all(set(references))
    errors: list[FieldError] = []
    people: dict[str, Referred] = {}
    for n, reference in enumerate(references):
        one, path = found.get(reference), f"[{n}]" if many else ""
        if isinstance(one, Referred):
            people[reference] = one
        elif isinstance(one, WasErased):
            words = _("This person was erased: what others say of them is not taken in.")
            errors.append(_error(path, "person", words, "erased"))
        elif one is not None:
            words = _("No known id, and no identifier as email:jane@example.com.")
            errors.append(_error(path, "person", words))
    if errors:
        raise Problem(400, detail=errors[0]["message"], errors=errors)
    return people


def _error(path: str, name: str, message: str, code: str = "invalid") -> FieldError:
    return FieldError(path=f"{path}.{name}".strip("."), code=code, message=message)


def _shaped(
    item: Any, shape: StatementSerializer, path: str, errors: list[FieldError]
) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        errors.append(FieldError(path=path, code="type", message=_("An object.")))
        return {}
    if item.get("status") == "never_asked":
        words = _("never_asked is the absence of a statement; it cannot be posted.")
        errors.append(_error(path, "status", words, "choice"))
        return {}
    try:
        return dict(shape.run_validation(dict(item)))
    except ValidationError as error:
        errors += field_errors(error.detail, path)
        return {}


def _named(
    item: Mapping[str, Any],
    path: str,
    purposes: Mapping[str, Purpose],
    topics: Mapping[str, Topic],
    errors: list[FieldError],
) -> None:
    purpose = purposes.get(item["purpose"])
    if purpose is None:
        errors.append(_error(path, "purpose", _("There is no such purpose."), "unknown"))
        return
    channel, processing = item["channel"], purpose.purpose_class == Purpose.Class.PROCESSING
    if channel not in CHANNELS and not (processing and channel == ""):
        words = _("One of %(channels)s.") % {"channels": ", ".join(CHANNELS.names())}
        errors.append(_error(path, "channel", words, "choice"))
    topic = topics.get(item["topic"] or "")
    if item["topic"] and (topic is None or topic.purpose_id != purpose.pk):
        errors.append(_error(path, "topic", _("No topic of this purpose."), "unknown"))
    if item["paused_until"] and item["status"] != ConsentStatus.WITHDRAWN:
        errors.append(_error(path, "paused_until", _("With status withdrawn only.")))
    if "at_most" in item and item["status"] != ConsentStatus.GRANTED:
        errors.append(_error(path, "at_most", _("With status granted only.")))
    if item["evidence"].get("act") == UNDONE:
        errors.append(_error(path, "evidence.act", _("This act is made by the console alone.")))


def _statement(
    item: Mapping[str, Any],
    person: Referred,
    purpose: Purpose,
    topics: Mapping[str, Topic],
    point: str,
) -> Statement:
    evidence = dict(item["evidence"])
    until: datetime | None = item["valid_until"]
    evidence.pop("until", None)
    evidence.pop("then", None)
    evidence.pop("at_most", None)
    if until:
        evidence |= {"until": stamp(until), "then": "expire"}
    if item["paused_until"]:
        evidence |= {"until": stamp(item["paused_until"]), "then": "resume"}
    if "at_most" in item:
        evidence["at_most"] = evidence_of(_limit(item["at_most"]))
    topic = topics.get(item["topic"] or "")
    return Statement(
        profile_id=person.profile.pk,
        purpose_id=purpose.pk,
        channel=item["channel"],
        contact_point=point,
        topic_id=topic.pk if topic else None,
        status=item["status"],
        basis=item["basis"],
        evidence=evidence,
        at=item["at"],
        wording=item["wording"],
        language=item["language"],
    )


def _limit(given: Mapping[str, int] | None) -> Frequency | None:
    return Frequency(given["count"], given["per_days"]) if given else None


def hold_limits(statements: Sequence[Statement]) -> None:
    """What people chose of volume: from now on the gate holds it. Three queries."""
    set_limits(
        [
            ChosenLimit(
                one.profile_id,
                one.channel,
                one.contact_point,
                limit_said(str(one.evidence["at_most"])),
            )
            for one in statements
            if "at_most" in one.evidence
        ]
    )
