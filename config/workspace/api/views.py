"""The base of every view under /api/."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from config.postgres.wire import is_storable
from config.workspace import audit
from config.workspace.api.fields import KnownFields
from config.workspace.api.pagination import CursorPages
from config.workspace.api.parameters import refuse_body, refuse_unknown
from config.workspace.api.permissions import request_may
from config.workspace.api.problems import FieldError, Problem, invalid
from config.workspace.models import User
from config.workspace.pages.rows import answer_for
from config.workspace.roles.callers import KeyUser


def actor_of(request: Request) -> audit.Actor:
    """The key or user that calls."""
    if isinstance(request.user, KeyUser):
        return audit.actor_of_key(request.user.key)
    if isinstance(request.user, User):
        return audit.actor_of_user(request.user)
    return audit.SYSTEM


def refuse_unstorable(request: Request) -> None:
    """No column holds a NUL or half of a character, so nothing can be asked for by one."""
    for name, values in request.query_params.lists():
        if not all(map(is_storable, [name, *values])):
            raise invalid(name.replace("\x00", ""), "NUL or a lone surrogate.")


class ApiView(APIView):
    """A view that says which permission each method needs, and acts in the caller's name."""

    required: ClassVar[Mapping[str, str]] = {}

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """As DRF's, in UTC, with the actor set for the audit trail (see `initial`).

        A user of the console has a zone of their own; times of the API end in Z for them too.
        """
        with timezone.override(UTC), audit.acting(audit.SYSTEM):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, check, and take the caller's name until `dispatch` ends."""
        super().initial(request, *args, **kwargs)
        refuse_unstorable(request)
        refuse_unknown(request, self)
        refuse_body(request, self)
        audit.act_as(actor_of(request))

    def may(self, permission: str) -> bool:
        """Whether the caller has the permission."""
        return request_may(self.request, permission)

    def checked(self, serializer: type[Serializer[Any]], data: Any = None) -> dict[str, Any]:
        """The validated body. Raises ValidationError (400 with field paths)."""
        body = serializer(data=self.request.data if data is None else data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def known(self, shape: type[KnownFields]) -> Mapping[str, Any]:
        """The body as it was sent, of whose fields only the names are checked. Raises Problem."""
        body = self.request.data
        if not isinstance(body, Mapping):
            raise invalid("", "The body must be a JSON object.", "type")
        unknown = shape().unknown_in(body)
        if unknown:
            errors = [
                FieldError(path=name, code="unknown_field", message=shape.unknown)
                for name in unknown
            ]
            raise Problem(400, detail=f"{unknown[0]}: {shape.unknown}", errors=errors)
        return body

    def paged(
        self, rows: QuerySet[Any], serialize: Any, ordering: str | tuple[str, ...] = "-id"
    ) -> Response:
        """One cursor page of `rows`, each through `serialize(row)`."""
        pages = CursorPages()
        self.ordering = ordering
        page = pages.paginate_queryset(rows, self.request, view=self)
        return pages.get_paginated_response([answer_for(serialize, row) for row in page])
