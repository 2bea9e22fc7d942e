"""What was sent is what a click leads to, whatever became of the person or the template since."""

import html
import re

import pytest
from django.test import Client

from campaigns.content.render import MessageUrls, compile_content, render
from campaigns.models import Message
from campaigns.services.single import AnotherMessage, send_message
from profiles.models import Profile
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_person,
    make_segment,
    make_sender,
    say,
    smtp_server,
)

pytestmark = pytest.mark.django_db
HUMAN = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"
BODY = """<html><body>
<p><a href="https://shop.example/fixed?a=1&amp;b=2">Fixed</a></p>
<p><a href="https://shop.example/sale?code={{ code }}&amp;x=1&amp;lang={{ lang }}">Sale</a></p>
{% assign best = picks | first %}<p><a href="https://shop.example/p/{{ best }}">Best</a></p>
{% for pick in picks %}<p><a href="https://shop.example/p/{{ pick }}?n=1&amp;m=2">Pick</a></p>
{% endfor %}<p><a href="{{ site }}">Site</a> <a href="mailto:{{ box }}">Box</a></p>
<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></p></body></html>"""
TRAITS = {
    "first_name": "Ada",
    "code": "SPRING",
    "lang": "nl",
    "picks": ["tent", "stove", "tent"],
    "site": "https://straße.de/ada",
    "box": "ada@example.com",
    "links": "a trait of that name",
}
SAID = [
    "https://shop.example/fixed?a=1&b=2",
    "https://shop.example/sale?code=SPRING&x=1&lang=nl",
    "https://shop.example/p/tent",
    "https://shop.example/p/tent?n=1&m=2",
    "https://shop.example/p/stove?n=1&m=2",
    "https://shop.example/p/tent?n=1&m=2",
    "https://xn--strae-oqa.de/ada",
]


def tagged(url: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}utm_campaign=spring"


def follow(path: str):
    return Client(headers={"user-agent": HUMAN}).get(path)


def clicks_of(part: str) -> list[str]:
    return re.findall(r"http://testserver(/t/c/[A-Za-z0-9_-]+/\d+)", html.unescape(part))


@pytest.fixture
def mail():
    """(person, the mail as it arrived)."""
    with smtp_server() as server:
        ada = make_person("ada", traits=TRAITS)
        say(ada)
        say(ada, purpose="measuring")
        launched(make_segment(ada), step={"content": {"subject": "S", "html": BODY}})
        deliver_all()
        yield ada, server.message()


def test_a_click_leads_to_what_the_mail_said(mail):
    ada, message = mail
    for kind in ("html", "plain"):
        paths = clicks_of(message.get_body((kind,)).get_content())
        assert [follow(path)["Location"] for path in paths] == [tagged(url) for url in SAID], kind
    kept = Message.objects.get(profile=ada).data["_links"]
    assert len(kept) == 5, "the fixed one is the content's, and two of the loop are one"
    base = paths[0].rsplit("/", 1)[0]
    for number in (99, 9999):
        assert follow(f"{base}/{number}").status_code == 404


def test_what_became_of_the_person_changes_nothing(mail):
    ada, message = mail
    paths = clicks_of(message.get_body(("html",)).get_content())
    other = TRAITS | {"code": "SUMMER", "picks": [], "site": "https://evil.example/"}
    for traits, merged_into in ((other, None), ({}, make_person("grace").pk)):
        state = "merged" if merged_into else "active"
        rows = Profile.objects.filter(pk=ada.pk)
        rows.update(traits=traits, state=state, merged_into_id=merged_into)
        assert [follow(path)["Location"] for path in paths] == [tagged(url) for url in SAID]


def test_a_mail_from_before_addresses_were_kept_still_leads_on(mail):
    ada, message = mail
    paths = clicks_of(message.get_body(("html",)).get_content())
    row = Message.objects.get(profile=ada)
    del row.data["_links"]
    row.save(update_fields=["data"])
    assert [follow(path).get("Location") for path in paths[:2]] == [tagged(u) for u in SAID[:2]]


def test_a_link_of_another_scheme_leads_nowhere(mail):
    ada, message = mail
    (path, *_) = clicks_of(message.get_body(("html",)).get_content())
    row = Message.objects.get(profile=ada)
    row.data["_links"] = [[50, 1, "javascript:alert(1)"], [51, 1, "//evil.example"], [52, 1, "x["]]
    row.save(update_fields=["data"])
    for number in (50, 51, 52):
        assert follow(f"{path.rsplit('/', 1)[0]}/{number}").status_code == 404


def test_nothing_is_kept_of_who_may_not_be_measured_or_where_all_is_the_same():
    with smtp_server() as server:
        ada, ben = make_person("ada", traits=TRAITS), make_person("ben")
        for person in (ada, ben):
            say(person)
        say(ben, purpose="measuring")
        launched(make_segment(ada), "dynamic", step={"content": {"subject": "S", "html": BODY}})
        launched(make_segment(ben, slug="other"), "plain")
        deliver_all()
        assert len(server.mails) == 2
    assert not Message.objects.filter(data__has_key="_links").exists()


def test_data_of_a_single_mail_may_have_links_of_its_own():
    make_sender()
    with smtp_server() as server:
        ada = make_person("ada")
        content = {"subject": "S", "html": '<p><a href="https://a.example/{{ links }}">x</a></p>'}
        send_message(
            profile=ada, channel="email", content=content, data={"links": "7"}, idempotency_key="k"
        )
        deliver_all()
        assert "https://a.example/7" in server.message().get_body(("html",)).get_content()


def test_names_in_the_data_of_a_single_mail_are_the_callers_alone():
    given = {
        "word": "hello",
        "clicks": 5,
        "orders": ["o1"],
        "unknown_open": True,
        "_request": "mine",
        "_links": [[7, 0, "https://evil.example/"]],
        "given": {"word": "other"},
    }
    html = "<p><a href='https://a.example/'>{{ word }} {{ clicks }} {{ orders[0] }}</a></p>"
    with smtp_server() as server:
        make_sender()
        ada = make_person("ada")
        say(ada)
        say(ada, purpose="measuring")

        def send(data):
            content = {"subject": "S", "html": html}
            return send_message(profile=ada, channel="email", purpose="marketing", content=content,
                                data=data, idempotency_key="k")  # fmt: skip

        sent, _is_new = send(given)
        deliver_all()
        (path,) = clicks_of(server.message().get_body(("html",)).get_content())
    assert "hello 5 o1" in server.message().get_body(("html",)).get_content()
    assert follow(path)["Location"].startswith("https://a.example/")
    assert follow(f"{path.rsplit('/', 1)[0]}/7").status_code == 404
    sent.refresh_from_db()
    assert sent.clicked_at is not None
    assert "unknown_open" not in sent.data
    assert send(given) == (sent, False)
    with pytest.raises(AnotherMessage):
        send(given | {"word": "bye"})


def test_more_links_than_an_address_has_room_for_lead_straight_on():
    source = "{% for n in (1..10100) %}<a href='https://a.example/{{ n }}'>x</a>{% endfor %}"
    urls = MessageUrls(click="https://t.example/")
    rendered = render(
        compile_content("S", source, "x", purpose_class="transactional"),
        data={}, urls=urls, measuring=True,
    )  # fmt: skip
    assert max(number for number, _place, _url in rendered.links) == 9999
    assert 'href="https://a.example/10100"' in rendered.html
    assert len(set(re.findall(r"t\.example/(\d+)", rendered.html))) == len(rendered.links)
