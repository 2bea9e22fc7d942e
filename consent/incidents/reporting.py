"""Incidents: written down, counted, told, closed; the clocks that run, and the list of people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.models import ApiKey, User, Webhook
from config.workspace.registry import Registry
from config.workspace.selectors import workspace
from consent.incidents.finding import count, public_ids
from consent.models import BreachClock, Incident
from consent.privacy.deadlines import after
from profiles.models import Source

_SUBJECTS: Final[dict[str, Any]] = {
    Incident.Kind.USER: User,
    Incident.Kind.API_KEY: ApiKey,
    Incident.Kind.SOURCE: Source,
    Incident.Kind.WEBHOOK: Webhook,
}
# name -> function(title, public ids, user): a list of these people, and its address
LISTS_OF_PEOPLE: Registry[Callable[[str, list[str], User | None], str]] = Registry(
    "lists of people"
)


class IncidentRefused(ValueError):
    """What is wrong: `path` names the field."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(message)


@dataclass
class RunningClock:
    """One law's clock for an incident: by when whom, and whether they were."""

    clock: BreachClock
    people: int
    due_at: datetime
    told_at: datetime | None

    @property
    def is_late(self) -> bool:
        """Its time is over and nobody was told; what is due without delay has none."""
        has_time = self.clock.within_n > 0
        return has_time and self.told_at is None and timezone.now() > self.due_at


def subjects(kind: str) -> list[tuple[int, str]]:
    """What an incident of this kind may be about, by name."""
    rows = _SUBJECTS[kind].objects.order_by("pk")
    return [(row.pk, str(row)) for row in rows]


@transaction.atomic
def report(values: dict[str, Any], user: User | None) -> Incident:
    """Write one down, and count it. Raises IncidentRefused."""
    model = _SUBJECTS.get(values["kind"])
    row = model.objects.filter(pk=values["subject_id"]).first() if model else None
    if row is None:
        raise IncidentRefused("subject_id", _("There is none of this number."))
    if values["since"] >= values["until"]:
        raise IncidentRefused("until", _("The period ends before it begins."))
    if values["known_at"] > timezone.now():
        raise IncidentRefused("known_at", _("This is in the future."))
    incident = Incident.objects.create(**values, subject_name=str(row)[:300], made_by=user)
    audit.record("incident.created", "incident", str(incident.public_id))
    count(incident)
    return incident


def clocks(incident: Incident) -> list[RunningClock]:
    """Those of the laws whose people it touched, the soonest first; one query.

    People whose country nobody knows count under the workspace's own.
    """
    by_country: dict[str, int] = {}
    for country, n in incident.counted.get("countries", []):
        known = country or workspace().country
        by_country[known] = by_country.get(known, 0) + n
    found = []
    for clock in BreachClock.objects.all():
        people = sum(by_country.get(country, 0) for country in clock.countries)
        if people >= max(clock.least, 1):
            due = incident.known_at
            if clock.within_n:
                due = after(incident.known_at, clock.within_n, clock.within_unit)
            is_authority = clock.told == BreachClock.Told.AUTHORITY
            told = incident.authority_told_at if is_authority else incident.people_told_at
            found.append(RunningClock(clock, people, due, told))
    return sorted(found, key=lambda one: one.due_at)


@transaction.atomic
def tell(incident: Incident, whom: str) -> Incident:
    """Note that they were told now. Raises IncidentRefused."""
    row = Incident.objects.select_for_update().get(pk=incident.pk)
    name = f"{whom}_told_at"
    if whom not in BreachClock.Told.values:
        raise IncidentRefused("whom", _("This is authority or people."))
    if getattr(row, name) is None:
        setattr(row, name, timezone.now())
        row.save(update_fields=[name])
        audit.record("incident.told", "incident", str(row.public_id), detail={"kind": whom})
    return row


@transaction.atomic
def close(incident: Incident, because: str) -> Incident:
    """It is dealt with; what was done stays told. Raises IncidentRefused."""
    row = Incident.objects.select_for_update().get(pk=incident.pk)
    if row.status == Incident.Status.CLOSED:
        raise IncidentRefused("status", _("It is closed already."))
    if not because.strip():
        raise IncidentRefused("because", _("Say what was found and done."))
    row.status, row.closed_because = Incident.Status.CLOSED, because.strip()
    row.closed_at = timezone.now()
    row.save()
    audit.record("incident.closed", "incident", str(row.public_id))
    return row


def list_people(incident: Incident, user: User | None) -> str:
    """A list of the people who can still be told; its address. Raises IncidentRefused."""
    people = public_ids(incident)
    if not people:
        raise IncidentRefused("people", _("Nobody of them can be told any more."))
    for _name, make in LISTS_OF_PEOPLE:
        url = make(_("Incident: %(title)s") % {"title": incident.title}, people, user)
        detail = {"people": len(people)}
        audit.record("incident.listed", "incident", str(incident.public_id), detail=detail)
        return url
    raise IncidentRefused("people", _("No lists are kept here."))
