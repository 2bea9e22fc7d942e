"""What somebody sees to for themself: password, second factors."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config.console.pages import page
from config.console.signing_in import rules
from config.console.signing_in.factors import of_member
from config.workspace.access import seen
from config.workspace.models import SeenSession, User

Type = Authenticator.Type


@of_member
def security(request: HttpRequest) -> HttpResponse:
    """All on one page. Three queries."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - `of_member` asked
    factors = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = next((one for one in factors if one.type == Type.RECOVERY_CODES), None)
    context = {
        "app": next((one for one in factors if one.type == Type.TOTP), None),
        "passkeys": [one for one in factors if one.type == Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "is_lacking": rules.is_lacking(request, user),
        "is_required": rules.is_required(user.role),
        "sessions": [_session(request, row) for row in seen.of_user(user)],
    }
    return page(request, "console/security/security.html", context, title=_("My security"))


def _session(request: HttpRequest, row: SeenSession) -> dict[str, Any]:
    return {
        "row": row,
        "device": seen.device_in_words(row),
        "is_this": row.session_key == request.session.session_key,
    }
