"""Content that would hold or end the process that answers everybody costs nobody but itself."""

import os
import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.content.errors import Abort, ContentError
from campaigns.content.render import MessageUrls, compile_content
from campaigns.content.sandbox import calls
from config.workspace.sandbox.children import Limits

BIG = "x" * 30
STATEFUL = """{% increment n %}{% decrement m %}{% assign kept = who %}{% capture part %}{{ who }}
{% endcapture %}{% cycle who, 'b' %}{% cycle 'g': who, 'b' %}{% for i in list %}{% ifchanged %}
{{ i }}{% endifchanged %}{% endfor %}{% for i in list limit:1 %}{{ i }}{% endfor %}
{% for i in list offset:continue %}{{ i }}{% endfor %}{{ list | sort | join }}{{ list | reverse }}
{{ list | concat: list | uniq | size }}{{ who | safe }}{{ who }}{{ 5 | money }}
{{ 'now' | date: '%Z' }}
{{ kept }}{{ part }}{{ n }}"""
WORDS = "x" * 200_000
SLOW = "{% for i in (1..19000) %}" + "{% if a %}{{ a }}{% endif %}" * 3000 + "{% endfor %}"
ENDLESS = "{% assign d = b | append: 'y' %}{% for i in (1..19999) %}" + (
    "{% if b contains d %}{% endif %}" * 300 + "{% endfor %}"
)

# template -> what is said of it; the data are `b`, WORDS; `n`, a number; `self` and `two`, partials
COUNTED = {
    '{% if (1..99999999999) contains "x" %}{% endif %}': "a range has more than 20,000 numbers",
    "{% if (1..n) contains 'x' %}{% endif %}": "a range has more than 20,000 numbers",
    "{% assign r = (1..n) %}{{ r | size }}": "a range has more than 20,000 numbers",
    "{% case 1 %}{% when (1..n) %}{% endcase %}": "a range has more than 20,000 numbers",
    "{% for i in (1..99999999999) %}x{% endfor %}": "a range has more than 20,000 numbers",
    "{% tablerow i in (1..99999999999) %}x{% endtablerow %}": "a range has more than 20,000",
    "{% for i in (1..9000) %}{% endfor %}" * 3: "loops more than 20,000 times, all loops",
    "{% assign a = b | append: b %}": "a value is longer than 262,144 characters",
    "{{ n" + " | times: n" * 20 + " }}": "a number has more than 100 digits",
    "{% for i in (1..9999) %}{% capture a %}{{ b }}{% endcapture %}{% endfor %}": "characters of",
    "{% for i in (1..9999) %}{{ b }}{% endfor %}": "the result is longer than 1,048,576 bytes",
    "{% render 'self' %}": "depth",
    "{% include 'self' %}": "depth",
    "{% render 'two' %}": "uses partials more than 1,000 times",
    "{% if true %}" * 200 + "{% endif %}" * 200: "block nesting limit",
    "{% if " + "a and " * 5_000 + "a %}{% endif %}": "nested too deeply",
    "{{ " + "a[" * 5_000 + "0" + "]" * 5_000 + " }}": "nested too deeply",
    "{% liquid\n" + "echo a\n" * 25_000 + "%}": "more than 20,000 parts",
    "x" * 300_000: "longer than 262,144 characters",
    "{{ a }}" * 10_001: "more than 10,000 Liquid pieces",
}
PARTIALS = {"self": "{% include 'self' %}", "two": "{% render 'four' %}" * 40} | {
    "four": "{% render 'leaf' %}" * 40,
    "leaf": "x",
}


@pytest.fixture(autouse=True)
def _children():
    calls.POOL.end_idle()  # those of other tests
    yield
    calls.POOL.end_idle()


def test_what_is_too_much_is_counted_and_the_answer_names_it_and_how_much_is_allowed():
    partials = {**PARTIALS, "self": "{% render 'self' %}"}
    for template, words in COUNTED.items():
        own = PARTIALS if "include" in template else partials
        with pytest.raises(ContentError) as refused:
            calls.render_template(template, {"b": WORDS, "n": 10**12}, templates=own)
        assert words in str(refused.value), template[:60]
    assert len(calls.POOL.pids) == 1, "the child that counted them is the one that began"


def test_what_no_count_foresaw_is_stopped_and_called_by_its_name(monkeypatch):
    monkeypatch.setattr(calls, "SCREEN", Limits(cpu_seconds=1, wall_seconds=300.0))
    before = os.times().user
    for template in (SLOW, ENDLESS):
        with pytest.raises(calls.CannotRun) as stopped:
            calls.render_template(template, {"a": 1, "b": WORDS})
        assert (stopped.value.code, "1 seconds of computing" in str(stopped.value)) == (
            calls.TOO_LONG,
            True,
        )
    assert os.times().user - before < 1, "none of it in this process"
    assert calls.render_template("hi {{ a }}", {"a": 1}) == ("hi 1", [])


def nested(tag, times, inside=""):
    return f"<{tag}>" * times + inside + f"</{tag}>" * times


def test_mark_up_that_overflows_a_stack_is_counted_and_named_with_its_line():
    deep = "<mjml><mj-body>\n" + nested("mj-section", 3000) + "</mj-body></mjml>"
    html, problems = calls.compile_mjml(deep)
    assert html == ""
    (problem,) = problems
    assert (problem.severity, problem.line) == ("error", 2)
    assert problem.message == "MJML: more than 100 elements within each other"
    text = nested("mj-section", 1, nested("mj-column", 1, nested("mj-text", 1, nested("td", 3000))))
    assert calls.compile_mjml(f"<mjml><mj-body>{text}</mj-body></mjml>")[0] == ""
    for much, words in {
        nested("div", 3000): "more than 100 elements within each other",
        nested("table", 101): "more than 100 elements within each other",
        "<p>" * 20_001: "more than 20,000 elements",
        "<!--" * 60_000: "a comment is never closed",
        "<a " * 80_000: "a tag is never closed",
    }.items():
        with pytest.raises(ContentError, match=words):
            calls.compile_content("S", much, purpose_class="service")
    long = "<p>one<li>two<br>" * 2_000 + nested("div", 99) + "<!--<div>-->" * 500
    assert calls.compile_content("S", long).usable, "what closes by itself is not deep"
    levels = nested("mj-wrapper", 40, nested("mj-section", 1))
    assert not isinstance(
        calls.compile_mjml(f"<mjml><mj-body>{levels}</mj-body></mjml>"), Exception
    )


def test_an_include_is_refused_also_behind_a_hundred_other_problems():
    odd = "<mj-odd></mj-odd>" * 200 + '<mj-include path="/etc/passwd" />'
    html, problems = calls.compile_mjml(f"<mjml><mj-body>{odd}</mj-body></mjml>")
    assert html == ""
    assert "mj-include is refused: paste the part in" in [one.message for one in problems]


def test_one_person_s_mail_costs_no_other_its_own(monkeypatch):
    monkeypatch.setattr(calls, "DELIVERY", Limits(cpu_seconds=1, wall_seconds=300.0))
    compiled = compile_content(
        "Hi {{ name }}", "", "{% if slow %}" + SLOW + "{% endif %}{{ name }}"
    )
    headers = {"sender_name": "Shop", "sender_address": "shop@example.com"}
    urls = {"unsubscribe": "https://r.example/u/"}

    def order(name, **data):
        own = {"to_name": name, "to_address": f"{name}@example.com", "message_id": f"<{name}@x.y>"}
        return [None, {"name": name, **data}, urls, False, own]

    orders = [order("ada"), order("ben", slow=True, a=1), order("cleo"), order("no one")]
    ada, ben, cleo, odd = calls.write_mails(compiled, {}, headers, orders)
    assert (ada.recipient, cleo.recipient) == ("ada@example.com", "cleo@example.com")
    assert b"Subject: Hi ada" in ada.content
    assert isinstance(ben, calls.CannotRun)
    assert isinstance(odd, ContentError)
    assert str(odd) == "unusable_address"


def test_a_template_that_leaves_somebody_out_says_so():
    compiled = compile_content("Hi", "", "{% if out %}{% abort_message 'no stock' %}{% endif %}x")
    found = calls.render_many(compiled, [{"out": True}, {}], urls=MessageUrls())
    assert isinstance(found[0], Abort)
    assert found[0].reason == "no stock"
    assert found[1][0].text.startswith("x")


PIECES = st.sampled_from(
    [
        "{% for i in (1..n) %}", "{% endfor %}", "{{ a | append: a }}", "{% capture a %}",
        "{% endcapture %}", "{% assign a = a | append: b %}", "{% if a contains b %}", "{{ i }}",
        "{% render 'self' %}", "{{ n | times: n | times: n }}", "{% tablerow i in a %}", "{{",
        "{% endtablerow %}", "{{ a | split: '' | join: b }}", "{% cycle a, b %}", "<p>", "</div>",
        "{% assign n = n | times: n %}", "{{ (1..n) | reverse | join: a }}", "{% raw %}", "x",
        "{% increment n %}", "{{ 'now' | date: a }}", "{% case a %}", "{% when b %}", "{% endif %}",
        "{{ a | replace: b, a }}", "{% endcase %}", "{% endraw %}", "%}", "{{ a | safe }}", "<!--",
        "{% liquid echo a",
    ]
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(PIECES, max_size=40).map("".join), st.booleans())
def test_any_template_gets_an_answer_within_its_limit_and_this_process_lives_on(source, escape):
    began = time.monotonic()
    data = {"a": BIG * 9, "b": "x", "n": 999}
    with suppress(ContentError, Abort):
        calls.render_template(source, data, escape=escape, templates={"self": source})
    assert time.monotonic() - began < 100, "two seconds of computing, on whatever machine"


def test_nothing_of_one_mail_is_in_the_next_of_the_same_child():
    """One child renders people after people, and campaign after campaign."""
    other = {"who": "SECRET", "list": ["SECRET", "z"], "locale": "id", "currency": "IDR"}
    other["profile"] = {"time_zone": "Asia/Tokyo"}
    own = {"who": "", "list": ["b", "a"]}
    read_first = "{{ kept }}{{ part }}{{ n }}{{ m }}{{ currency }}{{ locale }}"
    for source in (STATEFUL, read_first, read_first + STATEFUL):
        compiled = compile_content(f"S {source}", f"<p>{source}</p>", source)
        alone = calls.render_many(compiled, [own], urls=MessageUrls())[0]
        with_other = calls.render_many(compiled, [other, own, other, own], urls=MessageUrls())
        assert not isinstance(alone, Exception), alone
        assert "SECRET" not in str(alone)
        assert [with_other[1], with_other[3]] == [alone, alone]
        assert with_other[0] == with_other[2]
