"""A new SECRETS_KEY: all that lies sealed is sealed anew, also after a break; nothing is lost."""

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models

from config import paths
from config.workspace.access import rotation, tokens
from config.workspace.models import IdentityProvider, OutgoingMail, Role, Secret
from tests.cast import make_user

pytestmark = pytest.mark.django_db
OLD, NEW = "the key as it was " * 3, "the key that comes " * 3


@pytest.fixture
def sealed(settings):
    """Rows of every kind, sealed by the old key."""
    settings.SECRETS_KEY, settings.SECRETS_KEY_BEFORE = OLD, ""
    tokens.forget_keys()
    link = tokens.issue("rotation", 7)
    for number in range(3):
        Secret.objects.create(purpose="x", key_id=str(number), ciphertext=tokens.seal(b"plain"))
    IdentityProvider.objects.create(
        slug="a", name="A", issuer="https://a.example", sealed_secret=tokens.seal(b"secret")
    )
    OutgoingMail.objects.create(
        kind="x", key="x", digest=b"x" * 16, sealed=tokens.seal(b"mail"),
        due_at="2026-01-01T00:00Z", expires_at="2026-01-01T00:00Z",
    )  # fmt: skip
    data = {"seed": tokens.seal(b"seed").decode(), "used_mask": 0}
    Authenticator.objects.create(user=make_user(Role.ADMIN), type="recovery_codes", data=data)
    settings.SECRETS_KEY, settings.SECRETS_KEY_BEFORE = NEW, OLD
    tokens.forget_keys()
    yield link
    tokens.forget_keys()


def ciphertexts() -> list[bytes]:
    """Whatever looks like one in any column of bytes or JSON of any table."""
    found = []
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.BinaryField | models.JSONField):
                found += _in(model._meta.db_table, field.column)
    return found


def _in(table, column) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
        values = [value for (value,) in cursor.fetchall()]
    texts = [bytes(v) if isinstance(v, memoryview | bytes) else str(v).encode() for v in values]
    return [
        part
        for text in texts
        for part in text.replace(b"'", b'"').split(b'"')
        if part.startswith(rotation.BEGINS)
    ]


def test_everything_is_sealed_by_the_new_key_and_links_in_old_mails_work(sealed, settings):
    assert tokens.read("rotation", sealed) == (7,), "the key before opens it meanwhile"
    before = ciphertexts()
    assert len(before) >= 7
    assert not any(map(tokens.is_newest, before))
    call_command("secrets", "rotate")
    after = ciphertexts()
    assert len(after) == len(before)
    assert all(map(tokens.is_newest, after))
    settings.SECRETS_KEY_BEFORE = ""
    tokens.forget_keys()
    assert tokens.read("rotation", sealed) == (7,)
    assert tokens.unseal(IdentityProvider.objects.get().sealed_secret) == b"secret"
    settings.SECRETS_KEY = OLD
    with pytest.raises(InvalidToken):
        tokens.unseal(OutgoingMail.objects.get().sealed)


def test_one_that_was_ended_in_the_middle_goes_on_and_a_third_key_is_said(
    sealed, settings, monkeypatch
):
    made, real = [], tokens.seal

    def ended(plain: bytes) -> bytes:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(plain)
        return real(plain)

    monkeypatch.setattr(rotation, "PORTION", 1)
    monkeypatch.setattr(tokens, "seal", ended)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate()
    monkeypatch.undo()
    assert sum(map(tokens.is_newest, ciphertexts())) == 2
    left = len(ciphertexts()) - 2
    assert rotation.rotate().sealed == left
    assert rotation.rotate() == rotation.Rotated(0, 0)
    settings.SECRETS_KEY = "another yet"
    Secret.objects.create(purpose="x", key_id="z", ciphertext=tokens.seal(b"plain"))
    settings.SECRETS_KEY = NEW
    with pytest.raises(CommandError, match="1 are opened by neither"):
        call_command("secrets", "rotate")


def test_a_generated_key_is_changed_and_the_one_before_kept_until_it_is_done(
    sealed, settings, tmp_path
):
    settings.VAR_DIR, settings.SECRETS_KEY_IS_GENERATED = tmp_path, True
    first = paths.kept_secret(tmp_path, "secrets_key")
    call_command("secrets", "new")
    assert paths.kept(tmp_path, "secrets_key_before") == first
    assert paths.kept_secret(tmp_path, "secrets_key") != first
    assert (tmp_path / "secrets_key.txt").stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="finish with"):
        call_command("secrets", "new")
    call_command("secrets", "rotate")
    assert paths.kept(tmp_path, "secrets_key_before") == ""
    settings.SECRETS_KEY_BEFORE = ""
    with pytest.raises(CommandError, match="There is no key before"):
        call_command("secrets", "rotate")
    settings.SECRETS_KEY_IS_GENERATED = False
    with pytest.raises(CommandError, match="yours to change"):
        call_command("secrets", "new")
