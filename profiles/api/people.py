"""Answers about people: the list, one person, their events."""

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace import audit
from config.workspace.api.filters import MomentFilter
from config.workspace.api.problems import invalid
from config.workspace.api.views import ApiView
from profiles.api.fields import extra_fields
from profiles.api.paging import PAGE_PARAMETERS, answer_page
from profiles.api.serializers import EventSerializer, ProfileSerializer, pages_of
from profiles.models import Event, IdentifierKey, Profile
from profiles.people.lineage import event_places
from profiles.selectors.filters import apply_filters
from profiles.selectors.finding import NotAPerson, PersonalLookup, by_reference, search
from profiles.selectors.masking import FieldPlace, Shown, mask_text, shown_to
from profiles.selectors.people import visible_people
from profiles.selectors.traits import (
    KnownAs,
    Trait,
    TraitStatement,
    identifiers_of,
    source_names,
    traits_of,
)

PERSON = OpenApiParameter(
    "person",
    str,
    OpenApiParameter.PATH,
    description="An id, also a former one, or `kind:value` (`email:jane@example.com`).",
)
TRUE = ("1", "true", "yes")
OF_THE_API = ("segment",)  # of the filters of the console's list


def person_of(view: ApiView, reference: str) -> Profile:
    """The person of the address. Raises NotFound, PermissionDenied."""
    try:
        return by_reference(reference, shown=shown_to(view.request.user))
    except NotAPerson as error:
        raise NotFound("Nobody is known by this.") from error
    except PersonalLookup as error:
        raise PermissionDenied("Looking up by personal data needs people.personal.") from error


def answers_of(people: Sequence[Profile], shown: Shown) -> list[dict[str, Any]]:
    """These people as the API has them: two queries and one for each field of higher apps."""
    ids = [person.pk for person in people]
    sources = source_names()
    known, more = identifiers_of(ids, sources), extra_fields(ids, shown)
    return [_answer(person, *known[person.pk], shown) | more[person.pk] for person in people]


def _answer(person: Profile, known: list[KnownAs], ids: list[str], shown: Shown) -> dict[str, Any]:
    own = str(person.public_id)
    return {
        "id": own,
        "display_name": shown.name(person.display_name),
        "state": person.state,
        "lifecycle": shown.column("lifecycle", person.lifecycle),
        "country": shown.column("country", person.country),
        "locale": shown.column("locale", person.locale),
        "time_zone": shown.column("time_zone", person.time_zone),
        "first_seen": person.first_seen,
        "last_seen": person.last_seen,
        "identifiers": [_identifier(row, shown) for row in known],
        "traits": shown.mapping(person.traits),
        "aliases": [former for former in ids if former != own],
    }


def _identifier(row: KnownAs, shown: Shown) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "value": shown.identifier(row.kind, row.value),
        "source": row.source,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
        "verified": row.verified_at is not None,
    }


def _lineage(trait: Trait, shown: Shown) -> dict[str, Any]:
    def told(statement: TraitStatement) -> dict[str, Any]:
        value = shown.value(trait.name, statement.value)
        return {
            "source": statement.source,
            "at": statement.at,
            "value": value,
            "proven": statement.is_proven,
        }

    value = shown.value(trait.name, trait.value)
    unknown = {"source": "", "at": None, "value": value, "proven": True}
    used = told(trait.used) if trait.used else unknown
    return used | {"others": [told(statement) for statement in trait.others]}


class ProfileFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Plain narrowings of the list."""

    country = django_filters.CharFilter(lookup_expr="iexact")
    lifecycle = django_filters.CharFilter()
    state = django_filters.ChoiceFilter(choices=Profile.State.choices)
    new_since = MomentFilter(field_name="first_seen", lookup_expr="gte")
    seen_since = MomentFilter(field_name="last_seen", lookup_expr="gte")

    class Meta:
        model = Profile
        fields: ClassVar[list[str]] = []


def filtered(kind: type[Any], request: Request, rows: QuerySet[Any]) -> QuerySet[Any]:
    """`rows` by a filter set. Raises ValidationError (400 with the parameter's name)."""
    found = kind(request.query_params, queryset=rows)
    if not found.is_valid():
        raise ValidationError(found.errors)
    narrowed: QuerySet[Any] = found.qs
    return narrowed


class PeopleView(ApiView):
    """GET /api/profiles/."""

    required: ClassVar = {"GET": "people.view"}

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("search", str, description="Name, mail, phone, id or order number."),
            OpenApiParameter("segment", str, description="Members of this segment, by slug."),
            OpenApiParameter("country", str),
            OpenApiParameter("lifecycle", str),
            OpenApiParameter("state", str, enum=Profile.State.values),
            OpenApiParameter("new_since", str, description="First seen then or later; ISO 8601."),
            OpenApiParameter("seen_since", str, description="Last seen then or later; ISO 8601."),
        ],
        responses=pages_of(ProfileSerializer),
    )
    def get(self, request: Request) -> Response:
        """The people, last seen first."""
        shown, term = shown_to(self.request.user), request.query_params.get("search", "")
        people = search(term, shown=shown) if term.strip() else visible_people()
        try:
            people, _words = apply_filters(
                people, request.query_params, shown, self.request.user, OF_THE_API
            )
        except LookupError as error:
            name = str(error.args[0])
            raise invalid(name, f"Nothing is called {name} like this.", "unknown") from error
        _refuse_hidden(request, shown)
        people = filtered(ProfileFilter, request, people)
        detail = {"searched": bool(term)}

        def answers(page: Sequence[Profile]) -> list[Any]:
            fields = _fields_of(page, shown)
            numbers = [one.pk for one in page]
            audit.record("profile.listed", "profile", fields=fields, detail=detail, people=numbers)
            return answers_of(page, shown)

        return answer_page(self, people, answers, ("-last_seen", "-id"))


def _refuse_hidden(request: Request, shown: Shown) -> None:
    """What is not shown is not asked by. Raises PermissionDenied."""
    for name in ("country", "lifecycle"):
        is_seen = shown.may_ask(FieldPlace.TRAIT, f"profile.{name}")
        if request.query_params.get(name) and not is_seen:
            raise PermissionDenied(f"Your role does not see {name} and cannot ask by it.")


class PersonView(ApiView):
    """GET /api/profiles/PERSON/."""

    required: ClassVar = {"GET": "people.view"}

    @extend_schema(
        parameters=[
            PERSON,
            OpenApiParameter("lineage", str, description="1 adds the source of each trait."),
        ],
        responses=ProfileSerializer,
    )
    def get(self, request: Request, person: str) -> Response:
        """One person."""
        found, shown = person_of(self, person), shown_to(self.request.user)
        answer = answers_of([found], shown)[0]
        if request.query_params.get("lineage", "").lower() in TRUE:
            traits = traits_of(found, source_names())
            answer["trait_sources"] = {
                shown.text(trait.name): _lineage(trait, shown) for trait in traits
            }
        record_look(found, found.traits, shown)
        return Response(answer)


def _fields_of(page: Sequence[Profile], shown: Shown) -> list[str]:
    """The names of what a page of people says of them; some names are addresses."""
    names = {name for one in page for name in one.traits}
    seen = [*shown.looked_at("display_name", "identifier"), *shown.seen_of(names)]
    return sorted({mask_text(name[:100]) for name in seen})


def record_look(person: Profile, names: Any, shown: Shown) -> None:
    """That someone looked at a person: which personal fields were shown, by name."""
    fields = [*shown.looked_at("display_name"), *shown.seen_of(names)]
    audit.record(
        "profile.viewed",
        "profile",
        str(person.public_id),
        fields=sorted({mask_text(name[:100]) for name in fields}),  # some names are addresses
        detail=None if shown.personal else {"masked": True},
        profile_id=person.pk,
    )


class EventFilter(django_filters.FilterSet):  # type: ignore[misc]
    """By name and time; `to` is exclusive."""

    name = django_filters.CharFilter(strip=False)
    to = MomentFilter(field_name="occurred_at", lookup_expr="lt")

    class Meta:
        model = Event
        fields: ClassVar[list[str]] = []


# `from` is a word of Python, so it cannot be written as the others
EventFilter.base_filters["from"] = MomentFilter(field_name="occurred_at", lookup_expr="gte")


class PersonEvents(ApiView):
    """GET /api/profiles/PERSON/events/."""

    required: ClassVar = {"GET": "people.view"}

    @extend_schema(
        parameters=[
            PERSON,
            *PAGE_PARAMETERS,
            OpenApiParameter("name", str, description="As `Order Completed`."),
            OpenApiParameter(
                "from", str, description="At or after; ISO 8601, a date is a day of the workspace."
            ),
            OpenApiParameter("to", str, description="Before; as `from`."),
        ],
        responses=pages_of(EventSerializer),
    )
    def get(self, request: Request, person: str) -> Response:
        """What this person did, newest first."""
        found, shown = person_of(self, person), shown_to(self.request.user)
        rows = Event.objects.filter(profile_id__in=event_places(found.pk)).defer("context")
        rows = filtered(EventFilter, request, rows)
        if not shown.may_ask(FieldPlace.EVENT, request.query_params.get("name", "")):
            rows = rows.none()
        record_look(found, (), shown)
        order = ("-occurred_at", "-id")
        return answer_page(self, rows, lambda page: _event_answers(page, shown), order)


def _event_answers(rows: Sequence[Event], shown: Shown) -> list[dict[str, Any]]:
    sources = source_names()
    ids = {row.identifier_id for row in rows}
    known = {row.pk: row for row in IdentifierKey.objects.filter(id__in=ids)}
    return [_event_answer(row, sources, known, shown) for row in rows]


def _event_answer(
    row: Event, sources: dict[int, str], known: dict[int, IdentifierKey], shown: Shown
) -> dict[str, Any]:
    by = known.get(row.identifier_id)
    return {
        "message_id": shown.text(row.message_id),
        "type": row.type,
        "name": shown.event(row.name),
        "occurred_at": row.occurred_at,
        "received_at": row.received_at,
        "value": row.value,
        "properties": shown.properties(row.type, row.properties, row.name),
        "source": sources.get(row.source_id, ""),
        "identifier": f"{by.kind}:{shown.identifier(by.kind, by.value)}" if by else "",
    }
