"""What the connection settings say, read in one place; nothing here needs Django.

An address that is not understood to its end is refused: a parameter that nobody reads would be
taken for granted by whoever wrote it. Errors are ValueErrors of one sentence that name no password.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from config.domains import ascii_domain

NONE, STARTTLS, TLS = "none", "starttls", "tls"
# scheme: how it encrypts, and the port where the address names none
MAIL_SCHEMES: Final = {
    "smtp": (NONE, 25),
    "smtp+tls": (STARTTLS, 587),
    "smtps": (TLS, 465),
    "smtp+ssl": (TLS, 465),
}
MAIL_PARAMETERS: Final = ("tls", "ssl_verify")
REDIS_PARAMETERS: Final = ("ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
BROKER_SCHEMES: Final[dict[str, tuple[str, ...]]] = {
    "amqp": ("heartbeat",),
    "amqps": ("heartbeat",),
    "redis": (),
    "rediss": REDIS_PARAMETERS,
    "pgmq": (),
}
SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# A page of somebody else's can make a browser take its name for 127.0.0.1: only names that nobody
# else can have are answered to without being listed.
LOCAL_HOSTS: Final = "localhost,.localhost,127.0.0.1,[::1]"
YES: Final = ("true", "1", "yes", "on", "y", "t")
NO: Final = ("false", "0", "no", "off", "n", "f")
HIGHEST_PORT: Final = 65535
UNREADABLE: Final = (
    "cannot be read: write special characters of user and password as %XX (@ is %40, / is %2F)"
)


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over, and how the way there is protected."""

    host: str
    port: int
    user: str
    password: str
    encryption: str  # NONE, STARTTLS or TLS
    verify: bool  # whether its certificate is checked

    @property
    def is_open(self) -> bool:
        """May somebody on the way read the mails, or pretend to be the server?"""
        protected = self.encryption != NONE and self.verify
        return not protected and not is_local(self.host)


def is_true(text: str) -> bool:
    """A switch. Raises ValueError for anything but a yes or a no."""
    word = text.strip().lower()
    if word not in YES + NO:
        raise ValueError(f"{text!r} is neither true nor false")
    return word in YES


def is_local(host: str) -> bool:
    """Is it this very machine, so that nothing leaves it?"""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def networks(text: str) -> list[Network]:
    """The setting: addresses and networks, separated by commas. Raises ValueError."""
    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        try:
            found.append(ipaddress.ip_network(part, strict=False))
        except ValueError:
            raise ValueError(f"{part!r} is no address and no network such as 10.0.0.0/8") from None
    return found


def mail_url(url: str) -> str:
    """The address as it is, once it is known to be understood. Raises ValueError."""
    if url:
        mail_server(url)
    return url


def mail_server(url: str) -> MailServer:
    """`smtp://`, `smtp+tls://` (STARTTLS), `smtps://` or `smtp+ssl://`, and its parameters.

    `tls=true` demands STARTTLS: where the server does not offer it, nothing is sent. `tls=false`
    says that a password may cross the net unencrypted. `ssl_verify=false` takes any certificate.
    Raises ValueError.
    """
    parts, values = _split(url, MAIL_SCHEMES)
    _only(values, MAIL_PARAMETERS)
    host = _host(parts)
    if parts.path not in ("", "/"):
        raise ValueError("has a path after the host; a mail server has none")
    tls, verify = _switch(values, "tls"), _switch(values, "ssl_verify")
    encryption, port = MAIL_SCHEMES[parts.scheme]
    if tls is False and encryption != NONE:
        raise ValueError(f"{parts.scheme}:// encrypts and tls=false does not; leave one out")
    if tls and encryption == NONE:
        encryption = STARTTLS
    if verify is not None and encryption == NONE:
        raise ValueError("ssl_verify is about encryption: set tls=true too, or leave it out")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError("has only one of user and password")
    if password and encryption == NONE and tls is None and not is_local(host):
        raise ValueError(
            f"would send the password and all mails to {host} unencrypted; add ?tls=true, or "
            "?tls=false if that is meant"
        )
    return MailServer(host, parts.port or port, user, password, encryption, verify is not False)


def database(url: str) -> dict[str, Any]:
    """What Django connects with; parameters are libpq's own, such as `sslmode`. Raises ValueError.

    `postgres://user:password@host:5432/name`, or the folder of a socket as `?host=/run/postgresql`.
    """
    _scheme(url, ("postgres", "postgresql"))
    # a / ends user and password: what follows of a password would be port, name and parameters
    head, _slash, tail = url.partition("://")[2].partition("/")
    if "@" not in head and "@" in tail.partition("?")[0]:
        raise ValueError(UNREADABLE)
    try:
        found: dict[str, Any] = dict(conninfo_to_dict(url))
    except ProgrammingError as error:  # other words of libpq's may quote the password
        words = str(error).strip()
        is_plain = words.startswith("invalid URI query parameter") and "@" not in tail
        raise ValueError(words if is_plain else UNREADABLE) from None
    name = found.pop("dbname", "")
    if not name:
        raise ValueError("names no database: postgres://user:password@host:5432/name")
    if found.get("sslmode", "prefer") not in SSL_MODES:
        raise ValueError(f"sslmode is one of {', '.join(SSL_MODES)}")
    names = {"USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    settings: dict[str, Any] = {key: str(found.pop(own, "")) for key, own in names.items()}
    if "@" in settings["HOST"]:
        raise ValueError(UNREADABLE)
    for port in filter(None, settings["PORT"].split(",")):  # of several hosts each may have one
        number(port, 1, HIGHEST_PORT)
    return {"NAME": name, **settings, "OPTIONS": found}


def broker(url: str) -> str:
    """`amqp[s]://` or `redis[s]://`, several joined by `;`. Raises ValueError."""
    for one in url.split(";") if url else ():
        parts, values = _split(one, BROKER_SCHEMES)
        _only(values, BROKER_SCHEMES[parts.scheme])
        if parts.scheme != "pgmq":
            _host(parts)
        if parts.scheme.startswith("redis") and find_spec("redis") is None:
            raise ValueError(
                "redis:// needs one more Python package: run `make install-redis` first"
            )
    return url


def base_url(url: str) -> str:
    """Scheme, host and port of the address that people open, without a slash. Raises ValueError."""
    parts, _values = _split(url, ("http", "https"))
    host = _host(parts)
    if parts.username or parts.path not in ("", "/") or parts.query:
        raise ValueError("is scheme, host and port only, such as https://rapport.example")
    port = "" if parts.port is None else f":{parts.port}"
    try:  # browsers ask for a name beyond ASCII by its ASCII form
        name = f"[{host}]" if ":" in host else ascii_domain(host).lower()
    except ValueError:
        raise ValueError(f"{host!r} is no host name") from None
    return f"{parts.scheme}://{name}{port}"


def host_names(text: str) -> list[str]:
    """Names to answer to; `.example.com` stands for all below, `*` for any. Raises ValueError."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if "/" in name or "*" in name.removeprefix("*") or (":" in name and name[0] != "["):
            raise ValueError(f"{name!r} is no host name: write it without scheme, port and path")
        if name.startswith("*") and name != "*":
            raise ValueError(f"{name!r} is no host name: for all below one write .{name[2:]}")
    return names


def hosts_with(names: list[str], url: str) -> list[str]:
    """These names, and the host of `url`: the address in links has to be answered."""
    host = re.sub(r":\d+$", "", urlsplit(url).netloc)
    return names if host in names or "*" in names else [*names, host]


def number(text: str, least: int, most: int) -> int:
    """A whole number within its bounds. Raises ValueError."""
    try:
        found = int(text)
    except ValueError:
        found = least - 1
    if not least <= found <= most:
        raise ValueError(f"{text!r} is no number from {least} to {most}")
    return found


def _scheme(url: str, schemes: Iterable[str]) -> None:
    if url.partition("://")[0] not in schemes or "://" not in url:
        known = ", ".join(f"{scheme}://" for scheme in schemes)
        raise ValueError(f"begins with none of {known}")


def _split(url: str, schemes: Iterable[str]) -> tuple[SplitResult, dict[str, str]]:
    """The address taken apart, and its parameters. Raises ValueError."""
    _scheme(url, schemes)
    if "@" in "".join(re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[1:]):
        raise ValueError(UNREADABLE)  # a password was cut; no word of it is to be quoted
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(UNREADABLE) from None
    if parts.fragment:
        raise ValueError(UNREADABLE)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if len(dict(pairs)) < len(pairs):
        raise ValueError("says a parameter twice")
    return parts, dict(pairs)


def _host(parts: SplitResult) -> str:
    if not parts.hostname:
        raise ValueError("names no host")
    return parts.hostname


def _only(values: dict[str, str], known: tuple[str, ...]) -> None:
    unknown = ", ".join(sorted(set(values) - set(known)))
    if unknown:
        have = f"there are {', '.join(known)}" if known else "there are none"
        raise ValueError(f"has an unknown parameter {unknown}; {have}")


def _switch(values: dict[str, str], name: str) -> bool | None:
    if name not in values:
        return None
    try:
        return is_true(values[name])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
