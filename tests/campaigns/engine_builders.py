"""Campaigns of several steps, and the clock of whoever is on the way through them."""

from datetime import timedelta

from django.db import connection

from campaigns.engine.executor import advance_enrolments
from campaigns.models import Campaign, Enrolment, Message, Transition
from campaigns.services.advance import advance_campaigns
from tests.campaigns.builders import HTML

CLICKED = {
    "match": "all",
    "conditions": [
        {
            "kind": "event",
            "name": "Email Link Clicked",
            "where": [{"property": "campaign_id", "op": "eq", "value": "spring"}],
            "window": {"since_entry": True},
        }
    ],
}


def mail(key: str, **more) -> dict:
    content = {"subject": f"{key} for {{{{ first_name }}}}", "html": HTML}
    return {
        "id": key, "kind": "message", "channel": "email", "purpose": "marketing", "content": content
    } | more  # fmt: skip


def wait(**span) -> dict:
    return {"kind": "wait", "for": span or {"days": 2}}


# mail, wait two days, mail to those who did not click
REMINDER = [
    mail("first"),
    {"id": "pause", "kind": "wait", "for": {"days": 2}},
    {
        "id": "clicked",
        "kind": "split",
        "branches": [{"name": "clicked", "when": CLICKED, "steps": []}],
        "else": [mail("second")],
    },
]


def advance_all() -> None:
    """Everything that is due now."""
    while advance_campaigns() + advance_enrolments():
        pass


def let_pass(**span) -> None:
    """As if so much time had gone by for everybody on the way."""
    back = timedelta(**span)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE enrolment SET due_at = due_at - %s, entered_at = entered_at - %s,"
            " lease_until = lease_until - %s",
            [back, back, back],
        )
        cursor.execute("UPDATE campaign SET retry_at = NULL")


def got(step: str) -> set[str]:
    """Who has a message of this step that is no exclusion."""
    rows = Message.objects.filter(step=step).exclude(state="excluded")
    return set(rows.values_list("address", flat=True))


def way_of(person, campaign: Campaign) -> list[tuple[str, str, str]]:
    """Each move of a person: from, to, and what decided."""
    enrolments = Enrolment.objects.filter(profile=person, campaign=campaign).values("pk")
    rows = Transition.objects.filter(enrolment_id__in=enrolments).order_by("at", "id")
    return list(rows.values_list("from_step", "to_step", "decided"))
