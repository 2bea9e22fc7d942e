"""Escaping, filters, what is missing, aborting, errors with their place."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.content.errors import Abort, ContentError
from campaigns.content.templates import liquid
from campaigns.content.templates.filters import FILTERS

NOW = datetime(2026, 11, 3, 22, 30, tzinfo=UTC)
NAUGHTY = [
    "<script>alert(1)</script>",
    "'\"><img src=x onerror=alert(1)>",
    "أهلا\u202eabc",
    "x" * 300,
    "{{ 7 | times: 7 }}",
    "{% abort_message 'x' %}",
    "\x00\x01\x1f",
    "🏳️‍🌈",
    "&lt;script&gt;",
]


def render(source: str, escape: bool = False, **data: object) -> str:
    return liquid.render(source, data, escape=escape, now=NOW)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{{ "now" | date: "%Y-%m-%d %H:%M" }}', "2026-11-03 22:30"),
        ('{{ now | time_zone: "Europe/Berlin" | date: "%d %H:%M" }}', "03 23:30"),
        ('{{ at | time_zone: "Asia/Tokyo" | date: "%Y-%m-%d %H:%M" }}', "2026-03-01 09:00"),
        ('{{ "1777593600" | date: "%Y" }}', "2026"),
        ('{{ "no date" | date: "%Y" }}', "no date"),
        ('{{ nothing | date: "%Y" }}', ""),
        ("{{ 1234.5 | money }}", "1,234.50"),
        ('{{ 1234.5 | money: "EUR" }}', "€1,234.50"),
        ('{{ "1e999999" | money }}', "1e999999"),
        ('{{ "many" | money: "EUR" }}', "many"),
        ("{{ 1234567 | number_with_delimiter }}", "1,234,567"),
        ('{{ 1234567.25 | number_with_delimiter: "." }}', "1.234.567,25"),
        ('{{ "a" | md5 }}', "0cc175b9c0f1b6a831c399e269772661"),
        ('{{ "a" | sha256 | slice: 0, 8 }}', "ca978112"),
        ('{{ "data" | hmac_sha256: "key" | slice: 0, 8 }}', "5031fe3d"),
        ('{{ "data" | hmac_sha1_base64: "key" }}', "EEFSxb/coHvGM+69RhmfAlXJ9J0="),
        ('{{ "hä" | base64_encode }}', "aMOk"),
        ('{{ "aMOk" | base64_decode }}', "hä"),
        ("{{ q | json_escape }}", 'say \\"hi\\"\\n'),
        ('{{ "a b&c/d" | url_param_escape }}', "a%20b%26c%2Fd"),
        ('{{ "http://x/a b?c=d" | url_escape }}', "http://x/a%20b?c=d"),
        ('{{ odd | property_accessor: "shoe size" }}', "42"),
        ('{{ nothing | property_accessor: "x" }}', ""),
        ('{{ nothing | default: "there" }}', "there"),
        ("{{ odd | json }}", '{"shoe size": 42}'),
        ("{{ o.__class__ }}{{ odd.keys }}{{ q.upper }}", ""),
    ],
)
def test_filters_of_marketers(source: str, expected: str) -> None:
    data: dict[str, Any] = {
        "at": "2026-03-01T00:00:00Z",
        "q": 'say "hi"\n',
        "odd": {"shoe size": 42},
    }
    assert render(source, o=object(), **data) == expected


def test_money_follows_the_data_s_locale_and_currency() -> None:
    assert render("{{ 1234.5 | money }}", locale="de-DE", currency="EUR") == "1.234,50\xa0€"
    assert render("{{ 1 | money }}", locale="no such", currency="no such") == "1.00"


def test_names_without_value_and_default_are_noted() -> None:
    source = "{{ a }}{{ b | default: 1 }}{{ c.d | upcase }}{{ e }}{% if f %}{% endif %}{{ g }}"
    assert liquid.render_noting(source, {"e": "", "g": 0})[1] == ["a", "c.d", "e"]


def test_variables_are_what_the_data_must_bring() -> None:
    source = "{% assign x = a.b %}{{ x }}{% for i in items %}{{ i.name }}{{ c }}{% endfor %}"
    assert liquid.variables(source) == {"a.b", "items", "c"}


@pytest.mark.parametrize("form", ['"no stock"', '("no stock")', "reason"])
def test_abort_message_stops_with_its_reason(form: str) -> None:
    source = f"a{{% if n == 0 %}}{{% abort_message {form} %}}{{% endif %}}b"
    assert render(source, n=1) == "ab"
    with pytest.raises(Abort) as caught:
        render(source, n=0, reason="no stock")
    assert caught.value.reason == "no stock"


def test_abort_message_without_reason() -> None:
    with pytest.raises(Abort):
        render("{% if true %}{% abort_message %}{% endif %}")


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("a\n{% if x %}", 2, 1),
        ("a\n {{ x", 2, 2),
        ("ü\n\n{{ x | nosuch }}", 3, 8),
        ("{%", 1, 1),
        ("{% for i in a %}\n{% if x %}{% endif %}", 1, 1),
    ],
)
def test_errors_say_where(source: str, line: int, column: int) -> None:
    with pytest.raises(ContentError) as caught:
        render(source)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_a_partial_is_found_in_what_was_given_only() -> None:
    assert liquid.render("{% render 'a' %}", {}, templates={"a": "hi"}) == "hi"
    with pytest.raises(ContentError):
        liquid.render("{% render '/etc/passwd' %}", {})


def test_time_is_the_same_for_the_same_now() -> None:
    source = '{{ "now" | date: "%s" }}{{ now }}{{ today }}{{ "10:00" | date: "%c" }}'
    assert render(source) == render(source)


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_values_are_escaped_and_otherwise_kept(value: str) -> None:
    assert render("{{ v }}", v=value) == value
    escaped = render("{{ v }}", escape=True, v=value)
    assert "<script" not in escaped and "<img" not in escaped


def test_safe_sanitises_mark_up_from_data() -> None:
    value = "<b>bold</b><script>alert(1)</script>"
    assert render("{{ v | safe }}", escape=True, v=value) == "<b>bold</b>"


CHAINABLE = sorted(set(liquid.parse("").env.filters) - {"safe"})


@settings(deadline=None)  # compiling the first time takes its time
@given(
    st.lists(st.sampled_from(CHAINABLE), max_size=4),
    st.sampled_from(["{{ v%s }}", "{%% capture c %%}{{ v }}{%% endcapture %%}{{ c%s }}"]),
    st.sampled_from(["<script>x</script>", "&lt;script&gt;", "PHNjcmlwdD4=", "%3Cscript%3E"]),
    st.sampled_from(["", ': "a"', ": v", ": v, v", ': "a", v']),
)
def test_no_chain_of_filters_makes_a_script_of_data(
    names: list[str], source: str, value: str, arguments: str
) -> None:
    chain = "".join(f" | {name}{arguments}" for name in names)
    try:
        result = liquid.render(source % chain, {"v": value}, now=NOW)
    except ContentError:
        return
    assert "<script" not in result.lower()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(deadline=None)  # compiling the first time takes its time
@given(st.sampled_from(sorted(liquid.parse("").env.filters)), JSON, JSON, st.booleans())
def test_filters_take_any_value(name: str, value: object, argument: object, escape: bool) -> None:
    for source in (f"{{{{ v | {name} }}}}", f"{{{{ v | {name}: a }}}}"):
        try:
            assert isinstance(
                liquid.render(source, {"v": value, "a": argument}, escape=escape), str
            )
        except ContentError as error:
            assert error.line == 1


@settings(deadline=None)  # compiling the first time takes its time
@given(st.text(max_size=200))
def test_plain_text_comes_through(text: str) -> None:
    if "{{" not in text and "{%" not in text:
        assert render(text) == text


@settings(deadline=None)  # compiling the first time takes its time
@given(st.text(alphabet="{}%- \n\"'|:.,ab1=<[]()#", max_size=60))
def test_any_source_renders_or_is_refused(source: str) -> None:
    try:
        render(source)
        json.dumps(sorted(liquid.variables(source)))
    except ContentError as error:
        assert error.message


def test_own_filters_are_registered() -> None:
    assert set(FILTERS) <= set(liquid.parse("").env.filters)
