"""One person's mail: tracked or not, with what was missing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.content.errors import Abort, ContentError
from campaigns.content.render import (
    Compiled,
    MessageUrls,
    Rendered,
    compile_content,
    render,
    tagged,
)

URLS = MessageUrls(
    unsubscribe="https://r.example/u/TOKEN/",
    preferences="https://r.example/preferences/TOKEN/",
    view="https://r.example/v/TOKEN/",
    open_pixel="https://r.example/t/TOKEN/o.gif",
    click="https://r.example/t/TOKEN/",
    campaign="spring",
)
HTML = """<html><body><p>Hi {{ name }}</p><a href="https://a.example/?a=1&amp;b=2#top">A</a>
{% for p in ps %}<a href="{{ p.url }}">{{ p.name }}</a>{% endfor %}</body></html>"""
NOW = datetime(2026, 11, 3, tzinfo=UTC)


def mail(compiled: Compiled, measuring: bool = True, **data: Any) -> Rendered:
    return render(compiled, data=data, urls=URLS, measuring=measuring, now=NOW)


def test_measured_links_and_pixel() -> None:
    ready = mail(compile_content("Hi", HTML), name="Ada", ps=[{"url": "http://b.example/x?y&z"}])
    assert 'href="https://r.example/t/TOKEN/0"' in ready.html
    assert 'href="https://r.example/t/TOKEN/1"' in ready.html
    assert '<img src="https://r.example/t/TOKEN/o.gif"' in ready.html
    assert "A: https://r.example/t/TOKEN/0" in ready.text


def test_unmeasured_mail_names_the_campaign_and_not_the_person() -> None:
    ready = mail(compile_content("Hi", HTML), False, name="Ada", ps=[{"url": "http://b.example"}])
    assert 'href="https://a.example/?a=1&amp;b=2&amp;utm_campaign=spring#top"' in ready.html
    assert 'href="http://b.example?utm_campaign=spring"' in ready.html
    assert "/t/" not in ready.html
    assert "<img" not in ready.html


def test_service_mail_has_no_pixel_and_no_footer() -> None:
    ready = mail(compile_content("Hi", "<body>Hi</body>", purpose_class="transactional"))
    assert ready.html == "<body>Hi</body>"


def test_marketing_mail_always_shows_the_way_out() -> None:
    ready = mail(compile_content("Hi", "<body>Hi</body>", "Hi"), postal_address="Lane 1\nBern")
    for part in (ready.html, ready.text):
        assert "https://r.example/u/TOKEN/" in part
        assert "Lane 1" in part


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " java\nscript:alert(1)", "data:text/html,x", "JAVASCRIPT:x"]
)
def test_an_address_from_data_cannot_run_a_script(url: str) -> None:
    ready = mail(compile_content("Hi", HTML), ps=[{"url": url}])
    assert 'href="#"' in ready.html
    assert "alert" not in ready.html


def test_subject_is_one_line_and_not_escaped() -> None:
    assert mail(compile_content("{{ a }} & co", "x"), a="b\r\nBcc: x <y>").subject == (
        "b Bcc: x <y> & co"
    )


def test_missing_values_are_named() -> None:
    ready = mail(compile_content("{{ first_name }}", HTML), name="Ada", postal_address="x")
    assert ready.missing == ["first_name"]


def test_person_s_data_cannot_take_the_place_of_the_links() -> None:
    ready = mail(compile_content("Hi", "{{ unsubscribe_url }}"), unsubscribe_url="https://evil")
    assert "evil" not in ready.html


def test_compiled_content_is_plain_json() -> None:
    compiled = compile_content("Hi {{ name }}", HTML)
    stored = Compiled(**json.loads(json.dumps(compiled.to_dict())))
    assert stored == compiled
    assert stored.variables == ["name", "ps"]
    assert stored.usable
    assert mail(stored, name="Ada") == mail(compiled, name="Ada")


def test_mjml_with_an_error_is_not_usable() -> None:
    assert not compile_content("Hi", mjml="<mjml>").usable


def test_own_tags_cannot_be_written_by_hand() -> None:
    with pytest.raises(ContentError, match="__link"):
        compile_content("Hi", "<a href='{% __link 99 %}'>")


def test_abort_comes_through() -> None:
    with pytest.raises(Abort, match="empty"):
        mail(
            compile_content("Hi", "{% if ps.size == 0 %}{% abort_message 'empty' %}{% endif %}"),
            ps=[],
        )


def test_html_without_plain_text_form_says_so() -> None:
    source = '<p {% if a %}class="x">A{% else %}>B{% endif %}</p>'
    compiled = compile_content("Hi", source)
    assert any("plain text" in problem["message"] for problem in compiled.problems)
    assert URLS.view in mail(compiled).text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", "https://a.example?utm_campaign=x%20y"),
        ("https://a.example/?utm_campaign=own", "https://a.example/?utm_campaign=own"),
        ("https://[broken", "https://[broken"),
    ],
)
def test_campaign_tag(url: str, expected: str) -> None:
    assert tagged(url, "x y") == expected
    assert tagged(url, "") == url


@settings(deadline=None)  # compiling the first time takes its time
@given(st.dictionaries(st.sampled_from(["name", "ps", "postal_address"]), st.text()), st.booleans())
def test_data_never_writes_mark_up(data: dict[str, str], measuring: bool) -> None:
    data = {name: f"<script>{value}</script>" for name, value in data.items()}
    compiled = replace(compile_content("Hi", HTML + '<b title="{{ name | upcase }}">'))
    assert "<script" not in mail(compiled, measuring, **data).html.lower()


@pytest.mark.parametrize(
    ("person", "workspace", "expected"),
    [
        ("Asia/Jakarta", "UTC", "21 Nov 05:30 WIB|20 Nov|21 Nov 05:00 WIB"),
        ("", "Asia/Jakarta", "21 Nov 05:30 WIB|20 Nov|21 Nov 05:00 WIB"),
        ("No/Where", "UTC", "20 Nov 22:30 UTC|20 Nov|20 Nov 22:00 UTC"),
    ],
)
def test_times_in_a_mail_are_by_the_readers_clock(person, workspace, expected):
    source = (
        "{{ 'now' | date: '%d %b %H:%M %Z' }}|{{ '2026-11-20' | date: '%d %b' }}|"
        "{{ '2026-11-20T22:00:00Z' | date: '%d %b %H:%M %Z' }}"
    )
    compiled = compile_content(source, "<p>x</p>", purpose_class="transactional")
    rendered = render(
        compiled,
        data={"profile": {"time_zone": person}, "workspace": {"time_zone": workspace}},
        urls=URLS,
        measuring=False,
        now=datetime(2026, 11, 20, 22, 30, tzinfo=UTC),
    )
    assert rendered.subject == expected
