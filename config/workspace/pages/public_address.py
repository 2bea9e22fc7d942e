"""What links in answers begin with. Never just what the Host header says: anybody writes one."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from config.connections import is_local


def base_url(request: HttpRequest) -> str:
    """BASE_URL; or the address that was asked, where ALLOWED_HOSTS lists its name.

    A site may have more than one public name: one for the console, one that its pages send to.
    What is answered to because of `*` is in no list. No slash at the end.
    """
    host = request.META.get("HTTP_HOST", "").lower()
    name, _port = split_domain_port(host)
    listed = [one for one in settings.ALLOWED_HOSTS if one != "*"]
    if not name or not validate_host(name, listed):
        return str(settings.BASE_URL)
    if name == urlsplit(settings.BASE_URL).hostname and not is_local(name):
        return str(settings.BASE_URL)
    return f"{'https' if request.is_secure() else 'http'}://{host}"
