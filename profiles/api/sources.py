"""Answers about sources, refused calls and joins."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from config.postgres.wire import number_of
from config.workspace.api.problems import Problem, invalid, taken
from config.workspace.api.views import ApiView
from config.workspace.roles.callers import member_of
from profiles.api.paging import PAGE_PARAMETERS, answer_page
from profiles.api.serializers import (
    MadeSourceSerializer,
    MergeSerializer,
    NewSourceSerializer,
    RejectionSerializer,
    SourceSerializer,
    pages_of,
)
from profiles.merging.merging import CannotMerge, CannotUndo, join_again, undo_merge
from profiles.models import Merge, Profile, Rejection, Source
from profiles.selectors.masking import Shown, shown_to
from profiles.selectors.traits import source_names
from profiles.services.sources import create_source, permissions_for


def source_answer(row: Source) -> dict[str, Any]:
    """As SourceSerializer has it."""
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "trust": row.trust,
        "enabled": row.enabled,
        "write_key_hint": row.write_key_hint,
        "created_at": row.created_at,
        "last_seen_at": row.last_seen_at,
    }


def refuse_to_prove(view: ApiView, kind: str) -> None:
    """Raise PermissionDenied for who may not handle a source of this kind."""
    if not all(map(view.may, permissions_for(kind))):
        raise PermissionDenied(
            f"A source of kind {kind} says whose an address is, and mails go there: "
            "that needs people.personal beside sources.edit."
        )


def name_taken() -> Problem:
    """409: two sources have no name in common."""
    return taken("name", "A source of this name is there already.")


class Sources(ApiView):
    """GET and POST /api/sources/."""

    required: ClassVar = {"GET": "sources.view", "POST": "sources.edit"}

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=pages_of(SourceSerializer),
    )
    def get(self, request: Request) -> Response:
        """Where calls come from, newest first."""
        rows = Source.objects.filter(is_internal=False)
        return answer_page(self, rows, lambda page: [source_answer(row) for row in page])

    @extend_schema(
        request=NewSourceSerializer,
        responses={201: MadeSourceSerializer},
    )
    def post(self, request: Request) -> Response:
        """A new source; its write key is in this answer and nowhere else."""
        body = self.checked(NewSourceSerializer)
        refuse_to_prove(self, body["kind"])
        if Source.objects.filter(name=body["name"]).exists():
            raise name_taken()
        try:
            with transaction.atomic():
                source, key = create_source(name=body["name"], kind=body["kind"])
        except IntegrityError as error:  # made by someone else in this moment
            raise name_taken() from error
        return Response(source_answer(source) | {"write_key": key}, status=201)


class IngestMessages(ApiView):
    """GET /api/ingest/messages/."""

    required: ClassVar = {"GET": "events.view"}

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("status", str, enum=["rejected"], description="The default."),
            OpenApiParameter("source", str, description="By name."),
            OpenApiParameter("code", str, description="By reason."),
        ],
        responses=pages_of(RejectionSerializer),
    )
    def get(self, request: Request) -> Response:
        """What was refused, newest first, with the reasons."""
        rows = Rejection.objects.defer("body")
        if request.query_params.get("status", "rejected") != "rejected":
            raise invalid("status", "Known is: rejected.", "invalid_choice")
        for parameter, column in (("source", "source__name"), ("code", "code")):
            value = request.query_params.get(parameter)
            if value:
                if "\x00" in value:
                    raise invalid(parameter, "NUL is in no name.")
                rows = rows.filter(**{column: value})
        shown = shown_to(self.request.user)
        return answer_page(self, rows, lambda page: _rejections(page, shown))


def _rejections(rows: Sequence[Rejection], shown: Shown) -> list[dict[str, Any]]:
    sources = source_names()
    return [
        {
            "id": row.pk,
            "message_id": shown.text(row.message_id),
            "source": sources.get(row.source_id, ""),
            "type": shown.text(row.type),
            "received_at": row.received_at,
            "status": "rejected",
            "code": row.code,
            "errors": [shown.fault(_field_error(error)) for error in row.errors],
        }
        for row in rows
    ]


def _field_error(error: dict[str, Any]) -> dict[str, str]:
    return {name: str(error.get(name, "")) for name in ("path", "code", "message")}


class Merges(ApiView):
    """GET /api/identities/merges/."""

    required: ClassVar = {"GET": "people.view"}

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("kind", str, enum=Merge.Kind.values, description="Absent: all."),
        ],
        responses=pages_of(MergeSerializer),
    )
    def get(self, request: Request) -> Response:
        """Which people became one, newest first, with what it rests on.

        Calls that a person took in though they may be another's are among them: kind `attach`.
        """
        shown = shown_to(self.request.user)
        rows = Merge.objects.defer("snapshot")
        kind = request.query_params.get("kind")
        if kind is not None and kind not in Merge.Kind.values:
            raise invalid("kind", "Known are: merge, attach.", "invalid_choice")
        if kind:
            rows = rows.filter(kind=kind)
        return answer_page(self, rows, lambda page: _merges(page, shown))


class UndoMerge(ApiView):
    """POST /api/identities/merges/ID/undo/."""

    required: ClassVar = {"POST": "people.merge"}

    @extend_schema(
        parameters=[OpenApiParameter("merge_id", int, OpenApiParameter.PATH)],
        request=None,
        responses=MergeSerializer,
    )
    def post(self, request: Request, merge_id: str) -> Response:
        """Two people, each with their own; 409 where it was undone before."""
        row = _row(merge_id)
        try:
            undo_merge(merge_id=row.pk, user=member_of(request))
        except CannotUndo as error:
            raise Problem(409, detail=str(error)) from error
        row.refresh_from_db()
        return Response(_merges([row], shown_to(self.request.user))[0])


class JoinAgain(ApiView):
    """POST /api/identities/merges/ID/join-again/."""

    required: ClassVar = {"POST": "people.merge"}

    @extend_schema(
        parameters=[OpenApiParameter("merge_id", int, OpenApiParameter.PATH)],
        request=None,
        responses={201: MergeSerializer},
    )
    def post(self, request: Request, merge_id: str) -> Response:
        """One person again, by a new join; 409 where these two were not taken apart."""
        row = _row(merge_id)
        try:
            made = join_again(merge_id=row.pk)
        except (CannotMerge, CannotUndo) as error:
            raise Problem(409, detail=str(error)) from error
        return Response(_merges([made], shown_to(self.request.user))[0], status=201)


def _row(merge_id: str) -> Merge:
    row = Merge.objects.filter(pk=number_of(merge_id)).first()
    if row is None:
        raise NotFound("There is no such join.")
    return row


def _merges(rows: Sequence[Merge], shown: Shown) -> list[dict[str, Any]]:
    people = Profile.objects.filter(pk__in={row.survivor_id for row in rows})
    ids = dict(people.values_list("pk", "public_id"))
    return [
        {
            "id": row.pk,
            "kind": row.kind,
            "survivor": ids.get(row.survivor_id),
            "absorbed": row.absorbed_public_id,
            "rule": row.rule,
            "evidence": shown.evidence(row.evidence),
            "at": row.at,
            "undone_at": row.undone_at,
        }
        for row in rows
    ]
