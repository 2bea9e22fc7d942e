"""What the menu at the foot of the sidebar changes: the language of the console."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from config.workspace.models import User


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language on the user and in a cookie, and go back."""
    code = request.POST.get("language", "")
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = HttpResponseRedirect(back if safe else settings.LOGIN_REDIRECT_URL)
    if code in dict(settings.LANGUAGES):
        user = request.user
        if isinstance(user, User):
            user.locale = code
            user.save(update_fields=["locale"])
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=365 * 24 * 3600,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        )
    return response
