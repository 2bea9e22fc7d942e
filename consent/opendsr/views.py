"""OpenDSR: other systems pass requests on to us, ask where they stand and take them back.

Source: OpenDSR 1.0 (https://github.com/opengdpr/OpenDSR). A protocol of its own, with errors of
its own shape, so that none of it stands in the OpenAPI schema.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from config.workspace import audit
from config.workspace.api.authentication import ApiKeyAuthentication
from config.workspace.api.problems import Problem
from config.workspace.api.views import ApiView
from config.workspace.digests import contact_digest
from config.workspace.roles.callers import KeyUser
from config.workspace.trail.signing import signer
from config.workspace.zones import stamp
from consent.models import PrivacyRequest
from consent.opendsr.answers import JSON, VERSION, received, signed, status_of
from consent.opendsr.identities import FORMATS, KINDS, references
from consent.opendsr.reading import TYPES, Faulty, PassedOn, read
from consent.privacy import requests
from profiles.selectors.finding import as_uuid

MOST_BYTES: Final = 64 * 1024  # of a body; it is answered whole, in base64


@require_safe
def discovery(request: HttpRequest) -> HttpResponse:
    """What is supported, for anybody."""
    body = {
        "api_version": VERSION,
        "supported_identities": [
            {"identity_type": type_, "identity_format": format_}
            for type_ in KINDS
            for format_ in FORMATS
        ],
        "supported_subject_request_types": list(TYPES),
        "processor_certificate": f"{settings.BASE_URL}{reverse('opendsr-certificate')}",
    }
    return signed(body, 200)


@require_safe
def certificate(request: HttpRequest) -> HttpResponse:
    """What signatures are checked with, for anybody."""
    return HttpResponse(signer().certificate, "application/x-pem-file")


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal in the shape of the specification (7.5), without a word of what was sent."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    if not isinstance(exc, exceptions.APIException):
        return None
    set_rollback()
    headers = {"Cache-Control": "no-store"}
    if auth := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    body = _error(exc.status_code, _words(exc), _faults(exc))
    return Response(body, exc.status_code, headers=headers, content_type=JSON)


def _words(exc: exceptions.APIException) -> str:
    if isinstance(exc, Problem):
        return exc.text or exc.title
    return next((words for kind, words in _WORDS.items() if isinstance(exc, kind)), str(exc.detail))


_WORDS: Final[dict[type[exceptions.APIException], str]] = {
    exceptions.ParseError: "The body is no JSON that can be kept.",
    exceptions.MethodNotAllowed: "Not by this method.",
    exceptions.UnsupportedMediaType: "The body has to be application/json.",
}


def _faults(exc: exceptions.APIException) -> list[tuple[str, str]]:
    errors = exc.errors if isinstance(exc, Problem) else []
    return [(one["path"], one["message"]) for one in errors]


def _error(code: int, message: str, faults: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    return {
        "error": {
            "code": code,
            "message": message,
            "errors": [
                {"domain": "Validation", "reason": path or "body", "message": _of(path, words)}
                for path, words in faults
            ],
        }
    }


def _of(path: str, words: str) -> str:
    return f"{path}: {words}" if path else words


class OpenDsrView(ApiView):
    """By a key of the API with the scope for privacy requests, and by nothing else."""

    authentication_classes = (ApiKeyAuthentication,)
    schema = None

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """The protocol's own errors."""
        return handle


class Requests(OpenDsrView):
    """Where requests come in."""

    required: ClassVar = {"POST": "privacy.edit"}

    def post(self, request: Request) -> HttpResponse:
        """Take one in; of the same number again only what it is answered with."""
        body = _body_of(request)
        try:
            asked = read(request.data)
        except Faulty as error:
            raise _refused(error.faults) from error
        row = _known(asked) or self._opened(asked)
        return signed(received(row, body), 201, with_member=True)

    def _opened(self, asked: PassedOn) -> PrivacyRequest:
        """A new one; or that which came by the same number at the same moment."""
        try:
            with transaction.atomic():
                return requests.open_request(
                    type_=asked.type,
                    references=references(asked.identities),
                    regulation=asked.regulation,
                    origin="opendsr",
                    received_at=min(asked.submitted_at, timezone.now()),
                    forwarded=requests.Forwarded(
                        asked.id,
                        self._controller(),
                        asked.callback_urls,
                        _digest(asked),
                        timezone.now(),
                    ),
                )
        except requests.NotOne as error:
            raise _refused([("subject_identities", _MANY)]) from error
        except IntegrityError:
            if row := _known(asked):
                return row
            raise

    def _controller(self) -> str:
        """Who asks: the name of their key."""
        return self.request.user.key.name if isinstance(self.request.user, KeyUser) else ""


_MANY: Final = "They have to be of one person."
_OTHER: Final = "This number was used for another request."


def _body_of(request: Request) -> bytes:
    """Every byte of it. Raises Problem."""
    if request.content_type.partition(";")[0].strip().lower() != JSON:
        raise exceptions.UnsupportedMediaType(JSON)
    body = request._request.body
    if len(body) > MOST_BYTES:
        raise Problem(413, detail=f"A request has at most {MOST_BYTES // 1024} KB.")
    return body


def _refused(faults: list[tuple[str, str]]) -> Problem:
    path, words = faults[0]
    return Problem(
        400,
        detail=_of(path, words),
        errors=[{"path": path, "code": "invalid", "message": words} for path, words in faults],
    )


def _digest(asked: PassedOn) -> bytes:
    """Keyed, so that nothing of the person can be read or guessed from it."""
    return contact_digest("opendsr", asked.substance)


def _known(asked: PassedOn) -> PrivacyRequest | None:
    """The request that came by this number before. Raises Problem where it asked something else."""
    row = PrivacyRequest.objects.filter(external_id=asked.id).first()
    if row and bytes(row.asked_digest or b"") != _digest(asked):
        raise Problem(
            409,
            detail=_OTHER,
            errors=[{"path": "subject_request_id", "code": "used", "message": _OTHER}],
        )
    return row


class OneRequest(OpenDsrView):
    """One of them, by the number that its controller gave it."""

    required: ClassVar = {"GET": "privacy.view", "DELETE": "privacy.edit"}

    def get(self, request: Request, number: str) -> HttpResponse:
        """Where it stands."""
        row = _one(number)
        audit.record("privacy.viewed", "privacy_request", str(row.public_id))
        return signed(status_of(row), 200)

    @transaction.atomic
    def delete(self, request: Request, number: str) -> HttpResponse:
        """Take it back, while nothing was begun."""
        row = _one(number, locked=True)
        if row.status != PrivacyRequest.Status.PENDING:
            raise Problem(409, detail="Only a request that is pending can be cancelled.")
        requests.cancel(row, because="OpenDSR")
        body = {
            "controller_id": row.controller,
            "subject_request_id": str(row.external_id),
            "received_time": stamp(timezone.now()),
            "request_status": PrivacyRequest.Status.CANCELLED,
            "api_version": VERSION,
        }
        return signed(body, 202, with_member=True)


def _one(number: str, *, locked: bool = False) -> PrivacyRequest:
    """Raises Problem."""
    rows = PrivacyRequest.objects.select_for_update() if locked else PrivacyRequest.objects.all()
    external_id = as_uuid(number)
    row = rows.filter(external_id=external_id).first() if external_id else None
    if row is None:
        raise Problem(404, detail="There is no request of this number.")
    return row
