"""Public tokens: what was issued reads back, what was not is refused."""

from io import StringIO

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from config import celery
from config.workspace.access import tokens
from config.workspace.models import AuditEntry, Secret

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_keys():
    tokens.forget_keys()
    yield
    tokens.forget_keys()


def test_numbers_come_back():
    token = tokens.issue("click", 7, 2**62, 0)
    assert tokens.read("click", token) == (7, 2**62, 0)


def test_a_token_of_one_purpose_is_refused_for_another():
    token = tokens.issue("open", 7, 1)
    with pytest.raises(tokens.BadToken):
        tokens.read("unsubscribe", token)


def test_a_changed_secret_key_leaves_old_links_working(settings):
    token = tokens.issue("unsubscribe", 12, 34)
    settings.SECRET_KEY = "another one"
    tokens.forget_keys()
    assert tokens.read("unsubscribe", token) == (12, 34)


def test_the_key_lies_encrypted_in_the_database():
    tokens.issue("open", 1)
    row = Secret.objects.get(purpose=tokens.PURPOSE)
    assert tokens.unseal(row.ciphertext) not in bytes(row.ciphertext)
    assert row.valid_until - row.created_at > tokens.KEY_VALID / 2


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_no_made_up_token_is_read(text):
    tokens.issue("open", 1)
    with pytest.raises(tokens.BadToken):
        tokens.read("open", text)


@settings(max_examples=100, deadline=None)
@given(position=st.integers(0, 200), bit=st.integers(0, 5))
def test_one_changed_character_is_refused(position, bit):
    token = tokens.issue("open", 123456789, 987654321)
    place = position % len(token)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(token[place]) ^ (1 << bit)]
    changed = token[:place] + other + token[place + 1 :]
    try:
        assert tokens.read("open", changed) == (123456789, 987654321)
        assert place == len(token) - 1  # the unused bits of the last character say nothing
    except tokens.BadToken:
        pass


def test_another_secrets_key_is_refused_in_words_until_its_links_are_given_up(settings):
    link = tokens.issue("unsubscribe", 12, 34)
    tokens.ensure_readable()
    settings.SECRETS_KEY = "of another installation"
    tokens.forget_keys()
    with pytest.raises(tokens.LostKey, match="put the old one back"):
        call_command("secrets", "check")
    with pytest.raises(tokens.LostKey):
        call_command("drain")
    with pytest.raises(SystemExit, match="SECRETS_KEY is not the one"):
        celery._compare_keys()
    said = StringIO()
    call_command("secrets", "give-up", stdout=said)
    assert said.getvalue().startswith("1 keys are given up")
    assert AuditEntry.objects.filter(action="secret.given_up").count() == 1
    call_command("secrets", "check", stdout=StringIO())
    with pytest.raises(tokens.BadToken):
        tokens.read("unsubscribe", link)
    assert tokens.read("unsubscribe", tokens.issue("unsubscribe", 5)) == (5,)


@pytest.mark.django_db(transaction=True)
def test_up_refuses_a_database_of_another_key(settings, tmp_path, monkeypatch):
    tokens.issue("unsubscribe", 12, 34)
    settings.SECRETS_KEY, settings.VAR_DIR = "of another installation", tmp_path
    settings.EMBEDDED_POSTGRES = False  # the suite's own goes on
    monkeypatch.setattr("os.execv", lambda *_: pytest.fail("it went on"))
    with pytest.raises(tokens.LostKey, match="links in sent mails would end"):
        call_command("up", port=0)
