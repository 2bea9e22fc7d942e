"""The deploy check names what a public installation still lacks."""

import pytest

from config.checks import public_installation
from config.connections import networks


def test_a_laptop_is_told_all_that_is_missing(settings):
    settings.BEHIND_TLS, settings.ALLOWED_HOSTS, settings.EMAIL_URL = False, ["*"], ""
    settings.EMBEDDED_POSTGRES = True
    found = {warning.msg.partition(":")[0] for warning in public_installation(None)}
    assert {"BASE_URL", "ALLOWED_HOSTS", "EMAIL_URL", "DATABASE_URL"} <= found


def test_what_is_set_is_not_asked_for(settings):
    settings.BEHIND_TLS, settings.ALLOWED_HOSTS = True, ["rapport.example"]
    settings.EMAIL_URL, settings.EMBEDDED_POSTGRES = "smtps://mail.example", False
    settings.TRUSTED_PROXIES = networks("127.0.0.1")
    settings.SECRET_KEY_IS_GENERATED = settings.SECRETS_KEY_IS_GENERATED = False
    assert public_installation(None) == []


@pytest.mark.parametrize("url", ["smtp://mail.example", "smtps://mail.example?ssl_verify=0"])
def test_mail_that_can_be_read_on_the_way_is_named(settings, url):
    settings.EMAIL_URL = url
    assert "rapport.W007" in {warning.id for warning in public_installation(None)}
