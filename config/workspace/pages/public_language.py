"""In which language a public page answers: the same through the whole of it, its errors too."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation


def language_of(request: HttpRequest) -> str:
    """The one asked for by `lang`, else the browser's."""
    asked = request.GET.get("lang", "")
    if asked in dict(settings.LANGUAGES):
        return asked
    return translation.get_language() or "en"


def languages() -> list[tuple[str, str, bool]]:
    """All that there are: code, name, whether it is this one."""
    here = translation.get_language()
    return [(code, name, code == here) for code, name in settings.LANGUAGES]
