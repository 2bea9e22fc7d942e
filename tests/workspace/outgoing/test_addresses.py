"""Whatever somebody names as an address of theirs, nobody inside is called."""

import socket

import pytest

from config.workspace.outgoing.addresses import Refused, addresses_of, place_of
from config.workspace.outgoing.calls import post

INSIDE = [
    "https://127.0.0.1/x", "https://localhost/", "https://a.localhost/", "https://10.1.2.3/",
    "https://192.168.0.1:8443/", "https://172.16.0.9/", "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/", "https://0.0.0.0/", "https://224.0.0.1/", "https://[::1]/",
    "https://[fe80::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
    "https://db.internal/",
]  # fmt: skip
NO_ADDRESS = [
    "", "shop.example/x", "ftp://shop.example/", "file:///etc/passwd", "https://", "https:///x",
    "http://shop.example/", "https://u:p@shop.example/", "https://shop.example:99999/",
    "https://shop.example/\r\nX: y", "https://shop.example/a b", "https://[::1", "x" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("url", INSIDE + NO_ADDRESS)
def test_an_address_inside_or_none_is_refused_without_being_repeated(url):
    with pytest.raises(Refused) as refused:
        place_of(url)
    assert url[8:] not in str(refused.value) or not url[8:]


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f.1", "127.1", "017700000001"])
def test_a_name_that_leads_inside_is_refused_when_it_is_looked_up(spelling):
    with pytest.raises(Refused, match="not on the public net"):
        post(f"https://{spelling}/", b"{}", {})


def test_one_answer_inside_spoils_all(monkeypatch):
    """The very answers are what is connected to: no second look-up follows."""
    answers = [("93.184.216.34", 443), ("10.0.0.7", 443)]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in answers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    place = place_of("https://shop.example/hook?a=1")
    assert (place.host, place.port, place.path) == ("shop.example", 443, "/hook?a=1")
    with pytest.raises(Refused):
        addresses_of(place)
    del found[1]
    assert addresses_of(place) == ["93.184.216.34"]


def test_who_sets_it_may_be_called_inside(settings):
    settings.CALL_INTERNAL_ADDRESSES = True
    place = place_of("http://127.0.0.1:8000/x")
    assert addresses_of(place) == ["127.0.0.1"]
