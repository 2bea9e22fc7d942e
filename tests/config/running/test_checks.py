"""The deploy check names what a public installation still lacks."""

import json
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from config import paths
from config.connections import networks
from config.paths import BASE_DIR
from config.running.checks import open_without, public_installation


def test_a_laptop_is_told_all_that_is_missing(settings):
    settings.BEHIND_TLS, settings.ALLOWED_HOSTS, settings.EMAIL_URL = False, ["*"], ""
    settings.EMBEDDED_POSTGRES = True
    found = {warning.msg.partition(":")[0] for warning in public_installation(None)}
    assert {"BASE_URL", "ALLOWED_HOSTS", "EMAIL_URL", "DATABASE_URL"} <= found


ASK = (
    "import json; from config import settings as s; print(json.dumps([s.SESSION_COOKIE_NAME,"
    " s.CSRF_COOKIE_NAME, s.DEVICE_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
    " s.CSRF_COOKIE_SECURE, s.CSRF_COOKIE_HTTPONLY,"
    " s.SECURE_HSTS_SECONDS, s.ALLOWED_HOSTS, s.SESSION_COOKIE_AGE]))"
)


@pytest.mark.parametrize(
    ("url", "prefix", "secure", "hsts"),
    [("https://rapport.example", "__Host-", True, 31_536_000), ("http://x.example", "", False, 0)],
)
def test_cookies_are_bound_to_this_host_behind_tls(tmp_path, url, prefix, secure, hsts):
    known = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "BASE_URL": url}
    said = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", ASK], cwd=BASE_DIR, env=known, capture_output=True, check=True
    )
    names = [f"{prefix}sessionid", f"{prefix}csrftoken", f"{prefix}device"]
    hosts = ["localhost", ".localhost", "127.0.0.1", "[::1]", url.partition("://")[2]]
    answer = json.loads(said.stdout)
    assert answer == [*names, secure, secure, True, hsts, hosts, 7 * 24 * 3600]


@pytest.mark.django_db
def test_what_is_set_is_not_asked_for(settings, tmp_path):
    settings.BEHIND_TLS, settings.ALLOWED_HOSTS = True, ["rapport.example"]
    settings.EMAIL_URL, settings.EMBEDDED_POSTGRES = "smtps://mail.example", False
    settings.TRUSTED_PROXIES = networks("127.0.0.1")
    settings.SECRET_KEY_IS_GENERATED = settings.SECRETS_KEY_IS_GENERATED = False
    settings.METRICS_TOKEN, settings.VAR_DIR = "sesame", tmp_path
    assert public_installation(None) == []


def test_a_folder_that_others_may_read_is_named(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    for mode, is_named in ((0o700, False), (0o710, False), (0o750, True), (0o701, True)):
        tmp_path.chmod(mode)
        found = {warning.id for warning in public_installation(None)}
        assert ("rapport.W010" in found) is is_named, oct(mode)
    tmp_path.chmod(0o702)
    assert not paths.is_private(tmp_path)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("url", ["smtp://mail.example", "smtps://mail.example?ssl_verify=0"])
def test_mail_that_can_be_read_on_the_way_is_named(settings, url):
    settings.EMAIL_URL = url
    assert "rapport.W007" in {warning.id for warning in public_installation(None)}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "shop.example"])
def test_nothing_starts_in_the_open_without_https_and_names_of_hosts(settings, host):
    settings.BEHIND_TLS, settings.BASE_URL = False, "http://127.0.0.1:8000"
    for command in ("up", "demo"):
        with pytest.raises(CommandError, match="--in-the-open"):
            call_command(command, "--host", host, "--port", "8000")
    assert open_without(host, is_meant=True) == ""
    for here in ("127.0.0.1", "::1", "localhost"):
        assert open_without(here, is_meant=False) == ""
    settings.BEHIND_TLS = True
    assert open_without(host, is_meant=False) == ""
    settings.ALLOWED_HOSTS = ["*"]
    assert "ALLOWED_HOSTS" in open_without(host, is_meant=False)
