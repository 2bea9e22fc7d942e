"""A connection setting is understood to its end, or refused in a sentence without its password."""

import os
import subprocess
import sys

import pytest

from config import connections, paths
from config.connections import NONE, STARTTLS, TLS

MAIL = [
    ("smtp://127.0.0.1", ("127.0.0.1", 25, "", NONE, True)),
    ("smtp://mail.example", ("mail.example", 25, "", NONE, True)),
    ("smtp://me:p%40ss@mail.example:587/?tls=true", ("mail.example", 587, "me", STARTTLS, True)),
    ("smtp://me:p@mail.example:2525?tls=false", ("mail.example", 2525, "me", NONE, True)),
    ("smtp://me:p@localhost:2525", ("localhost", 2525, "me", NONE, True)),
    ("smtp+tls://mail.example?ssl_verify=0", ("mail.example", 587, "", STARTTLS, False)),
    ("smtps://mail.example?tls=true", ("mail.example", 465, "", TLS, True)),
    ("smtp+ssl://[::1]:1465", ("::1", 1465, "", TLS, True)),
]
REFUSED = [
    (connections.mail_server, "smpt://mail.example", "begins with none of smtp://"),
    (connections.mail_server, "mail.example:25", "begins with none of"),
    (connections.mail_server, "smtp://", "names no host"),
    (connections.mail_server, "smtp://me:geheim@mail.example", "add ?tls=true"),
    (connections.mail_server, "smtp://mail.example?tsl=true", "unknown parameter tsl"),
    (connections.mail_server, "smtp://mail.example?tls=maybe", "tls: 'maybe' is neither true"),
    (connections.mail_server, "smtp://mail.example?tls=1&tls=0", "says a parameter twice"),
    (connections.mail_server, "smtps://mail.example?tls=false", "leave one out"),
    (connections.mail_server, "smtp://mail.example?ssl_verify=0", "set tls=true too"),
    (connections.mail_server, "smtp://me:geheim#1@mail.example?tls=1", "as %XX"),
    (connections.mail_server, "smtp://me:geheim/1@mail.example?tls=1", "as %XX"),
    (connections.mail_server, "smtp://me@mail.example?tls=1", "only one of user and password"),
    (connections.mail_server, "smtp://mail.example/path", "has a path"),
    (connections.database, "mysql://me:geheim@db/rapport", "begins with none of postgres://"),
    (connections.database, "postgres://me:geheim@db", "names no database"),
    (connections.database, "postgres://db/rapport?sslmod=require", '"sslmod"'),
    (connections.database, "postgres://db/rapport?sslmode=on", "sslmode is one of"),
    (connections.database, "postgres://me:geheim%zz@db/rapport", "as %XX"),
    (connections.database, "postgres://me:p@geheim@db/rapport", "as %XX"),
    (connections.database, "postgres://me:geheim/1@db/rapport", "as %XX"),
    (connections.database, "postgres://me:geheim?a/1@db/rapport", "as %XX"),
    (connections.database, "postgres://me:1/2?geheim=@db/rapport", "as %XX"),
    (connections.database, "postgres://db:70000/rapport", "no number from 1 to 65535"),
    (connections.broker, "sqs://queue", "begins with none of amqp://"),
    (connections.broker, "amqp://me:1?geheim=@mq", "as %XX"),
    (connections.broker, "amqp://me:geheim@mq?hearbeat=1", "unknown parameter hearbeat"),
    (connections.base_url, "rapport.example", "begins with none of http://"),
    (connections.base_url, "https://rapport.example/app", "scheme, host and port only"),
    (connections.base_url, "https://rap port.example", "is no host name"),
    (connections.host_names, "https://rapport.example", "is no host name"),
    (connections.host_names, "rapport.example:8000", "is no host name"),
    (connections.host_names, "*.example", "write .example"),
    (connections.is_true, "ture", "neither true nor false"),
]


@pytest.mark.parametrize(("url", "wanted"), MAIL)
def test_a_mail_server_is_read_with_how_it_encrypts(url, wanted):
    read = connections.mail_server(url)
    assert (read.host, read.port, read.user, read.encryption, read.verify) == wanted


@pytest.mark.parametrize(("parse", "text", "words"), REFUSED)
def test_what_is_not_understood_is_refused_with_words_and_without_the_password(parse, text, words):
    with pytest.raises(ValueError) as refused:
        parse(text)
    assert words in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_a_database_is_read_with_libpqs_own_parameters():
    read = connections.database("postgres://me:p%40ss@db:6432/rapport?sslmode=verify-full")
    assert read == {
        "NAME": "rapport",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "verify-full"},
    }
    assert connections.database("postgres:///rapport?host=/run/pg")["HOST"] == "/run/pg"
    assert connections.database("postgres://db/rapport?user=me@azure")["USER"] == "me@azure"
    assert connections.database("postgres://me:p?#ss@db/rapport")["PASSWORD"] == "p?#ss"


def test_several_hosts_of_a_database_may_go_without_their_ports():
    for hosts, ports in (("a,b", ","), ("a:6432,b", "6432,"), ("[::1]:1,b:2", "1,2")):
        read = connections.database(f"postgres://me:p@{hosts}/rapport")
        assert (read["HOST"].count(","), read["PORT"]) == (1, ports)


def test_what_people_open_is_read_without_a_slash_and_hosts_without_blanks():
    assert connections.base_url("https://Rapport.example:8443/") == "https://rapport.example:8443"
    assert connections.base_url("https://Bücher.example:/") == "https://xn--bcher-kva.example"
    assert connections.base_url("http://[::1]:8000") == "http://[::1]:8000"
    assert connections.host_names("a.example, .b.example,[::1]") == [
        "a.example",
        ".b.example",
        "[::1]",
    ]


@pytest.mark.parametrize(
    ("names", "url", "wanted"),
    [
        (["a.example"], "http://127.0.0.1:8000", ["a.example", "127.0.0.1"]),
        (["a.example"], "https://a.example", ["a.example"]),
        ([], "http://[::1]:8000", ["[::1]"]),
        (["*"], "https://a.example", ["*"]),
    ],
)
def test_the_address_in_links_is_always_answered(names, url, wanted):
    assert connections.hosts_with(names, url) == wanted


@pytest.mark.parametrize(
    ("command", "variable", "words"),
    [
        (["manage.py", "drain"], ("EMAIL_URL", "smtp://me:geheim@mail.example"), "?tls=true"),
        (["manage.py", "up"], ("CELERY_CONCURRENCY", "0"), "no number from 1 to 256"),
        (["manage.py"], ("LOG_LEVEL", "loud"), "'LOUD' is none of DEBUG"),
        (["manage.py", "up"], ("VAR_DIR", "{file}"), "cannot be used (Not a directory)"),
        (["-m", "celery", "-A", "config.celery", "worker"], ("DEBUG", "ture"), "neither true nor"),
    ],
)
def test_every_program_ends_at_its_start_in_one_sentence(tmp_path, command, variable, words):
    (tmp_path / "file").touch()
    name, value = variable
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=paths.BASE_DIR,
        env=kept | {"VAR_DIR": str(tmp_path), name: value.format(file=tmp_path / "file")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{name}: ") and ended.stderr.count("\n") == 1
    assert words in ended.stderr and "geheim" not in ended.stderr
