"""Addresses under /api/ about people and what comes in; both spellings are routed."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.views import ApiView
from profiles.api.one_source import OneSource
from profiles.api.people import PERSON, PeopleView, PersonEvents, PersonView, person_of
from profiles.api.sources import IngestMessages, JoinAgain, Merges, Sources, UndoMerge
from profiles.api.subroutes import SUBROUTES, Subroute, subroute_of

# an identifier's value may hold a slash or a line break, so this takes everything
WHO = r"^profiles/(?P<person>[\s\S]+?)"


def _subroute_view(name: str, route: Subroute) -> type[ApiView]:
    """The view of a sub-route that a higher app signed in."""

    @extend_schema(
        **{
            **route.schema,
            "parameters": [PERSON, *route.schema.get("parameters", [])],
        }
    )
    def get(self: ApiView, request: Request, person: str) -> Response:
        return route.function(request, person_of(self, person))

    get.__doc__ = route.function.__doc__
    body: dict[str, Any] = {"required": {"GET": route.permission}, "get": get}
    return type(f"Person{name.title().replace('-', '')}", (ApiView,), body)


def _subroutes() -> list[URLPattern]:
    routed: list[tuple[str, Callable[..., Any]]] = [("events", PersonEvents.as_view())]
    for name, entry in SUBROUTES:
        routed.append((name, _subroute_view(name, subroute_of(entry)).as_view()))
    return [
        re_path(rf"{WHO}/{name}/?\Z", view, name=f"api-profile-{name}") for name, view in routed
    ]


urlpatterns = [
    re_path(r"^sources/?\Z", Sources.as_view(), name="api-sources"),
    re_path(r"^sources/(?P<number>\d+)/?\Z", OneSource.as_view(), name="api-source"),
    re_path(r"^ingest/messages/?\Z", IngestMessages.as_view(), name="api-ingest-messages"),
    re_path(r"^identities/merges/?\Z", Merges.as_view(), name="api-merges"),
    re_path(
        r"^identities/merges/(?P<merge_id>[^/]+)/undo/?\Z",
        UndoMerge.as_view(),
        name="api-merge-undo",
    ),
    re_path(
        r"^identities/merges/(?P<merge_id>[^/]+)/join-again/?\Z",
        JoinAgain.as_view(),
        name="api-merge-join-again",
    ),
    re_path(r"^profiles/?\Z", PeopleView.as_view(), name="api-profiles"),
    *_subroutes(),
    re_path(rf"{WHO}/?\Z", PersonView.as_view(), name="api-profile"),
]
