"""API keys over REST: their values are answered once, and no key makes one that may more."""

from datetime import timedelta
from typing import ClassVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.postgres.wire import number_of
from config.team.shapes import (
    ApiKeyMadeSerializer,
    ApiKeySerializer,
    NewApiKeySerializer,
    RotateKeySerializer,
    key_answer,
)
from config.workspace.access.keys import (
    ScopeAbove,
    UnknownScope,
    create_api_key,
    revoke_api_key,
    rotate_api_key,
)
from config.workspace.api.problems import Problem, invalid, taken
from config.workspace.api.views import ApiView
from config.workspace.models import ApiKey
from config.workspace.roles.callers import KeyUser
from profiles.api.paging import PAGE_PARAMETERS
from profiles.api.serializers import pages_of

EDIT = "team.edit"


class ApiKeys(ApiView):
    """Keys of this API."""

    required: ClassVar = {"GET": EDIT, "POST": EDIT}

    @extend_schema(
        parameters=PAGE_PARAMETERS,
        responses=pages_of(ApiKeySerializer),
    )
    def get(self, request: Request) -> Response:
        """The newest first, revoked ones too; never with their values."""
        return self.paged(ApiKey.objects.all(), key_answer)

    @extend_schema(
        request=NewApiKeySerializer,
        responses={201: ApiKeyMadeSerializer},
    )
    def post(self, request: Request) -> Response:
        """A new one; its value (`key`) is in this answer and nowhere else.

        403 where it would do or see more than the caller.
        """
        body = self.checked(NewApiKeySerializer)
        expires_at = body.get("expires_at")
        if expires_at is not None and expires_at <= timezone.now():
            raise invalid("expires_at", _("This time is over already."))
        if ApiKey.objects.filter(name=body["name"]).exists():
            raise _taken()
        try:
            with transaction.atomic():
                key, value = create_api_key(
                    name=body["name"],
                    scopes=list(dict.fromkeys(body["scopes"])),
                    expires_at=expires_at,
                    sight_role=body.get("sight_role") or "",
                    by=request.user,
                )
        except UnknownScope as error:
            raise invalid("sight_role", _("There is no such role."), "unknown") from error
        except ScopeAbove as error:
            raise Problem(403, detail=str(error)) from error
        except IntegrityError as error:
            raise _taken() from error
        return Response(key_answer(key) | {"key": value}, status=201)


def _taken() -> Problem:
    return taken("name", _("A key has this name already."))


class OneApiKey(ApiView):
    """One of them."""

    required: ClassVar = {"GET": EDIT, "DELETE": EDIT}

    @extend_schema(responses=ApiKeySerializer)
    def get(self, request: Request, key_id: str) -> Response:
        """What it may do, and when it was used last."""
        return Response(key_answer(_key(key_id)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: str) -> Response:
        """From now on it is refused; its row stays for the audit trail. Not the caller's own."""
        key = _key(key_id)
        if isinstance(request.user, KeyUser) and request.user.key.pk == key.pk:
            raise Problem(409, detail=_("A key does not revoke itself."))
        if key.revoked_at is None:
            revoke_api_key(key=key)
        return Response(status=204)


class RotateApiKey(ApiView):
    """A new value."""

    required: ClassVar = {"POST": EDIT}

    @extend_schema(request=RotateKeySerializer, responses=ApiKeyMadeSerializer)
    def post(self, request: Request, key_id: str) -> Response:
        """Make it; the one of before works on for `overlap_hours`. 403 where it may more."""
        key = _key(key_id)
        hours = self.checked(RotateKeySerializer)["overlap_hours"]
        try:
            value = rotate_api_key(key=key, keep=timedelta(hours=hours), by=request.user)
        except ScopeAbove as error:
            raise Problem(403, detail=str(error)) from error
        except ValueError as error:
            raise Problem(409, detail=_("A revoked key is not renewed.")) from error
        key.refresh_from_db()
        return Response(key_answer(key) | {"key": value})


def _key(key_id: str) -> ApiKey:
    row = ApiKey.objects.filter(pk=number_of(key_id)).first()
    if row is None:
        raise Problem(404, detail=_("There is no such key."))
    return row
