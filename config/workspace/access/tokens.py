"""Public tokens: short, signed, with a key id; keys of their own, kept encrypted, five years valid.

A token holds a purpose, some numbers and a truncated HMAC; it is not secret what it says, only
that nobody else can make one. Links in old mails must outlive a changed SECRET_KEY.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.workspace import audit
from config.workspace.models import Secret

KEY_VALID = timedelta(days=5 * 365 + 2)
KEY_ROTATED = timedelta(days=365)
TAG_BYTES = 12
KEY_ID_BYTES = 3
PURPOSE = "public-tokens"


class BadToken(ValueError):
    """The token was not made by us for this purpose, or its key has ended."""


class LostKey(CommandError):
    """The database was written with another SECRETS_KEY. Ends a command in one sentence."""

    def __init__(self, count: int) -> None:
        kept = Path(settings.VAR_DIR) / "secrets_key.txt"
        place = f"the file {kept}" if settings.SECRETS_KEY_IS_GENERATED else "the setting"
        super().__init__(
            f"SECRETS_KEY is not the one that this database was written with, so that {count} of "
            f"its keys cannot be read and links in sent mails would end: put the old one back into "
            f"{place}, or give those links up for good with `manage.py secrets give-up`."
        )


_keys: dict[str, bytes] = {}
_current: dict[str, str] = {}


@lru_cache(4)
def _fernet(key: str) -> Fernet:
    digest = hashlib.sha256(b"rapport secrets:" + key.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def seal(plain: bytes) -> bytes:
    """Encrypt for the database, by the newest key."""
    return _fernet(settings.SECRETS_KEY).encrypt(plain)


def unseal(ciphertext: bytes | memoryview) -> bytes:
    """Decrypt what `seal` made, also by the key before. Raises InvalidToken with another."""
    keys = filter(None, (settings.SECRETS_KEY, settings.SECRETS_KEY_BEFORE))
    return MultiFernet([_fernet(key) for key in keys]).decrypt(bytes(ciphertext))


def is_newest(ciphertext: bytes) -> bool:
    """Whether the newest key opens it."""
    try:
        _fernet(settings.SECRETS_KEY).decrypt(ciphertext)
    except InvalidToken:
        return False
    return True


def forget_keys() -> None:
    """Read the keys anew (between tests, after a rotation)."""
    _keys.clear()
    _current.clear()


def _valid() -> QuerySet[Secret]:
    return Secret.objects.filter(Q(valid_until=None) | Q(valid_until__gt=timezone.now()))


def unreadable() -> list[Secret]:
    """Kept keys that today's SECRETS_KEY does not open: the database was written with another."""
    return [row for row in _valid().order_by("created_at") if not _opens(row)]


def _opens(row: Secret) -> bool:
    try:
        unseal(row.ciphertext)
    except InvalidToken:
        return False
    return True


def ensure_readable() -> None:
    """Raise LostKey where `unreadable` finds any. One query."""
    if lost := unreadable():
        raise LostKey(len(lost))


@transaction.atomic
def give_up_unreadable() -> int:
    """End the keys that nobody can read any more, and the links made with them; how many."""
    lost = unreadable()
    now = timezone.now()
    Secret.objects.filter(pk__in=[row.pk for row in lost]).update(valid_until=now)
    for row in lost:
        audit.record("secret.given_up", "secret", row.key_id)
    forget_keys()
    return len(lost)


def _make_key() -> Secret:
    key_id = secrets.token_bytes(KEY_ID_BYTES).hex()
    with transaction.atomic():
        return Secret.objects.create(
            purpose=PURPOSE,
            key_id=key_id,
            ciphertext=seal(secrets.token_bytes(32)),
            valid_until=timezone.now() + KEY_VALID,
        )


def _current_key() -> tuple[str, bytes]:
    if PURPOSE not in _current:
        newest = _valid().filter(purpose=PURPOSE).order_by("-created_at").first()
        if newest is None or newest.created_at < timezone.now() - KEY_ROTATED:
            try:
                newest = _make_key()
            except IntegrityError:  # the same three random bytes: try again
                newest = _make_key()
        _keys[newest.key_id] = unseal(newest.ciphertext)
        _current[PURPOSE] = newest.key_id
    key_id = _current[PURPOSE]
    return key_id, _keys[key_id]


def _key(key_id: str) -> bytes:
    if key_id not in _keys:
        row = _valid().filter(purpose=PURPOSE, key_id=key_id).first()
        if row is None:
            raise BadToken("unknown key")
        _keys[key_id] = unseal(row.ciphertext)
    return _keys[key_id]


def _varints(numbers: tuple[int, ...]) -> bytes:
    out = bytearray()
    for number in numbers:
        if number < 0:
            raise ValueError("a token holds numbers from 0")
        rest = number
        while rest > 0x7F:  # noqa: PLR2004 - seven bits a byte
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)
    return bytes(out)


def _read_varints(data: bytes) -> tuple[int, ...]:
    numbers, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            numbers.append(value)
            value, shift = 0, 0
    if shift:
        raise BadToken("cut off")
    return tuple(numbers)


def _tag(key: bytes, purpose: str, body: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\0" + body, "sha256")[:TAG_BYTES]


def issue(purpose: str, *numbers: int) -> str:
    """A URL-safe token of about 30 characters over these numbers (0 and up)."""
    key_id, key = _current_key()
    body = bytes.fromhex(key_id) + _varints(numbers)
    return base64.urlsafe_b64encode(_tag(key, purpose, body) + body).rstrip(b"=").decode()


def read(purpose: str, token: str) -> tuple[int, ...]:
    """The numbers of a token made for this purpose. Raises BadToken."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise BadToken("not a token") from error
    tag, body = raw[:TAG_BYTES], raw[TAG_BYTES:]
    if len(body) <= KEY_ID_BYTES:
        raise BadToken("too short")
    if not hmac.compare_digest(tag, _tag(_key(body[:KEY_ID_BYTES].hex()), purpose, body)):
        raise BadToken("not made for this")
    return _read_varints(body[KEY_ID_BYTES:])
