"""Templates that would eat the machine are refused, soon."""

import time

import pytest

from campaigns.content.errors import ContentError
from campaigns.content.templates import liquid

BIG = "x" * 30
DOUBLE = "{% assign a = a | append: a %}"
HOSTILE = {
    "a trillion rounds": "{% for i in (1..1000000000000) %}x{% endfor %}",
    "a trillion items": "{{ (1..1000000000000) | join: ',' }}",
    "a trillion reversed": "{{ (1..1000000000000) | reverse | first }}",
    "nested loops": "{% for i in (1..999) %}{% for j in (1..999) %}x{% endfor %}{% endfor %}",
    "loops in a row": "{% for i in (1..9000) %}{% endfor %}" * 3,
    "billion laughs by append": "{% assign a = 'lol' %}" + DOUBLE * 40,
    "billion laughs by replace": "{{ b" + " | replace: 'x', b" * 10 + " }}",
    "billion laughs by capture": "{% assign a = 'lol' %}"
    + "{% capture a %}{{ a }}{{ a }}{% endcapture %}" * 40,
    "lists of lists": "{% assign a = b | split: '' %}" + "{% assign a = a | concat: a %}" * 40,
    "the same long text": "{% assign a = b | split: '§' %}"
    + "{% assign a = a | concat: a %}" * 14
    + "{{ a | join: b }}",
    "huge numbers": "{{ n" + " | times: n" * 200 + " }}",
    "power tower": "{% assign a = 99 %}" + "{% assign a = a | times: a %}" * 40,
    "work in a loop": "{% assign a = b %}"
    + "{% assign a = a | append: a %}" * 11
    + "{% for i in (1..15000) %}{% assign c = a | upcase | downcase %}{% endfor %}",
    "include itself": "{% render 'self' %}",
    "deep blocks": "{% if true %}" * 200 + "{% endif %}" * 200,
    "deep index": "{{ " + "a[" * 5000 + "0" + "]" * 5000 + " }}",
    "long source": "x" * 300_000,
    "never closed": "{{" * 100_000,
    "never closed tag": "{% raw %}" * 20_000,
    "only blanks": "{{" + " " * 200_000 + "}}",
    "unique numbers": "{% assign a = '' %}{% for i in (1..4000) %}{% assign a = a | append: i "
    "| append: ',' %}{% endfor %}{{ a | split: ',' | uniq | size }}",
    "output": "{% for i in (1..19000) %}" + "y" * 100 + "{% endfor %}",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_template_is_refused(source: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ContentError):
        liquid.render(source, {"b": BIG, "n": 10**60}, templates={"self": "{% render 'self' %}"})
    assert time.perf_counter() - start < 5


def test_long_words_of_people_are_no_attack() -> None:
    assert (
        len(liquid.render("{{ a | upcase | replace: 'X', 'yy' }}", {"a": "x" * 30_000})) == 60_000
    )


def test_ordinary_lists_are_unique_within_the_limit() -> None:
    items = [str(number % 500) for number in range(1000)]
    assert liquid.render("{{ a | uniq | size }}", {"a": items}) == "500"


@pytest.mark.parametrize("part", ["<!--", "<a ", '<a b="', "<![", "</", "<script>"])
def test_broken_mark_up_in_data_is_stripped_soon(part: str) -> None:
    start = time.perf_counter()
    liquid.render("{{ a | strip_html }}{{ a | safe }}", {"a": part * (60_000 // len(part))})
    assert time.perf_counter() - start < 5
