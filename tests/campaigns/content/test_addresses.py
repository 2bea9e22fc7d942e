"""Addresses beyond ASCII: the domain of their owner, whatever the form they came in."""

import pytest

from campaigns.content.addresses import UnusableAddress, wire_address, wire_url
from campaigns.content.render import tagged
from config.workspace.digests import contact_digest
from profiles.identifiers.normalise import normalise_email


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("kunde@straße.de", "kunde@xn--strae-oqa.de"),
        ("kunde@strasse.de", "kunde@strasse.de"),
        ("kunde@STRAßE.de", "kunde@xn--strae-oqa.de"),
        ("a@βόλος.com", "a@xn--nxasmm1c.com"),  # a final sigma
        ("a@نامه\u200cای.com", "a@xn--mgba3gch31f060k.com"),  # a joiner between two letters
        ("a@例え。jp", "a@xn--r8jz45g.jp"),
        ("a@under_score.example", "a@under_score.example"),
        ("o'neil+x@b.example", "o'neil+x@b.example"),
        ("jose\u0301@b.example", "josé@b.example"),
    ],
)
def test_the_domain_goes_out_by_idna_2008(written: str, sent: str) -> None:
    assert wire_address(written) == sent


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("a@i❤.ws", "unusable_domain"),
        ("a@xn--ls8h.de", "unusable_domain"),
        ("a@" + "ü" * 80 + ".de", "unusable_domain"),
        ("a@", "unusable_domain"),
        ("a b@c.de", "unusable_address"),
        ("@c.de", "unusable_address"),
        ("a\u200b@c.de", "unusable_address"),
    ],
)
def test_what_cannot_be_written_is_refused_by_a_code_that_names_nobody(
    written: str, code: str
) -> None:
    with pytest.raises(UnusableAddress) as refused:
        wire_address(written)
    assert str(refused.value) == code


@pytest.mark.django_db
def test_both_forms_of_a_domain_are_one_contact_point_and_another_owners_is_not() -> None:
    forms = {normalise_email(a) for a in ("kunde@straße.de", "Kunde@XN--strae-oqa.de")}
    assert forms == {"kunde@straße.de"}
    digests = {contact_digest("email", a) for a in (*forms, normalise_email("kunde@strasse.de"))}
    assert len(digests) == 2
    assert normalise_email("kunde@i❤.de") == "", "refused where it comes in already"


def test_links_name_the_host_in_ascii() -> None:
    assert wire_url("https://me@straße.de:8443/ö?q=ß") == "https://me@xn--strae-oqa.de:8443/ö?q=ß"
    assert tagged("https://straße.de/a", "c") == "https://xn--strae-oqa.de/a?utm_campaign=c"
    for same in ("https://a.example/ß", "https://i❤.ws/", "https://[::1", "https://a:x@b:c/"):
        assert wire_url(same) == same
