"""Links, pixel, footer, plain text, preheader."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.content.compiling.html import add_footer, add_text_footer, has_unsubscribe, prepare
from campaigns.content.compiling.text import from_html, preheader
from campaigns.content.errors import ContentError
from campaigns.content.masks import mask


def text_of(source: str) -> str:
    return from_html(source, prepare(source, pixel=False))


@pytest.mark.parametrize(
    ("source", "links"),
    [
        ('<a href="https://a.example/?x=1&amp;y=2">a</a>', ["https://a.example/?x=1&y=2"]),
        ("<A class=x HREF='http://a.example'>a</A>", ["http://a.example"]),
        ("<a href=https://a.example/b>a</a>", ["https://a.example/b"]),
        ('<a href="https://a.example/{{ x }}">a</a>', ["https://a.example/{{ x }}"]),
        ('<a href="{{ product.url }}">a</a>', ["{{ product.url }}"]),
        (
            '<a {% if a > b %}href="http://x"{% else %}href="http://y"{% endif %}>',
            ["http://x", "http://y"],
        ),
        ('<a href="{{ unsubscribe_url }}">a</a>', []),
        ('<a href="mailto:a@b.example">a</a><a href="#top">b</a><a name="x">c</a>', []),
        ('<!-- <a href="https://a.example">a</a> -->', []),
        ('<a title=" href=https://no " href="https://a.example">a</a>', ["https://a.example"]),
        ('<a href="https://a.example" data-untracked="1">a</a>', []),
        ('<area href="https://a.example" alt="a">', ["https://a.example"]),
        (
            '<!--[if mso]><v:roundrect href="https://a.example"><center>a</center></v:roundrect>'
            '<a href="https://b.example">b</a><![endif]-->'
            '<!--[if !mso]><!--><a href="https://c.example">c</a><!--<![endif]-->',
            ["https://a.example", "https://b.example", "https://c.example"],
        ),
        (
            '<!--[if gte mso 9]><v:rect href="https://a/{{ x }}"/><![endif]-->',
            ["https://a/{{ x }}"],
        ),
        ('<!--[if mso]><v:rect data-untracked href="https://a.example"/><![endif]-->', []),
        (
            '<!--[if mso]> a < b <c <![endif]--><a href="https://a.example">a</a>',
            ["https://a.example"],
        ),
        ('{% raw %}<a href="https://a.example">{% endraw %}', []),
        ('{% comment %}<a href="https://a.example">{% endcomment %}', []),
    ],
)
def test_links_that_are_tracked(source: str, links: list[str]) -> None:
    prepared = prepare(source, pixel=False)
    assert prepared.links == links
    assert bool(links) == (prepared.html != source)


def test_link_whose_liquid_ends_elsewhere_is_left_and_told() -> None:
    source = '\n<a href="https://x/{% if a %}1">A</a>{% else %}2">B</a>{% endif %}'
    prepared = prepare(source, pixel=False)
    assert (prepared.html, prepared.links) == (source, [])
    assert prepared.problems[0].line == 2


def test_pixel_stands_before_the_end_of_the_body() -> None:
    source = "<body>a<!-- </body> --></BODY></html>"
    assert prepare(source, pixel=True).html == "<body>a<!-- </body> -->{% __pixel %}</BODY></html>"
    assert prepare("no body", pixel=True).html == "no body{% __pixel %}"


@settings(deadline=None)  # compiling the first time takes its time
@given(st.text(alphabet="<>a href=\"'htps:/{}%-! \n", max_size=80))
def test_all_but_links_stays_byte_for_byte(source: str) -> None:
    try:
        prepared = prepare(source, pixel=False)
    except ContentError:
        return
    if not prepared.links:
        assert prepared.html == source
    assert mask(source).unmask(mask(source).text) == source


def test_footer_is_added_where_it_lacks() -> None:
    footed = add_footer("<body>Hi</body>")
    assert has_unsubscribe(footed)
    assert "postal_address" in footed
    assert footed.endswith("</div></body>")
    assert add_footer(footed) == footed
    assert has_unsubscribe(add_text_footer("Hi"))
    assert add_text_footer(add_text_footer("Hi")) == add_text_footer("Hi")


def test_unsubscribe_in_a_comment_does_not_count() -> None:
    assert not has_unsubscribe("<!-- {{ unsubscribe_url }} -->")
    assert has_unsubscribe("<a href='{{unsubscribe_url}}'>")


def test_plain_text_of_html() -> None:
    source = """<html><head><title>T</title><style>p{}</style></head><body>
    <div style="display:none">Preview {{ x }}<br></div>
    <h1>Hello {{ name | escape }}</h1><p>Caf&eacute; &amp; <b>bar</b><br>second</p>
    <ul><li>one</li><li>{% if a < b %}two{% endif %}</li></ul>
    <a href="https://a.example/">Shop</a> <a href="https://b.example">https://b.example/</a>
    <a href="{{ unsubscribe_url }}">Leave</a><script>no()</script><img src="x" alt="A shoe">
    </body></html>"""
    text = text_of(source)
    assert text.startswith("Hello {{ name }}\n\nCafé & bar\nsecond\n\n- one\n- {% if a < b %}two")
    assert "Shop: {% __link 0 %}" in text
    assert " {% __link 1 %} Leave" in text
    assert "Leave: {{ unsubscribe_url }}" in text
    assert "A shoe" in text
    assert not any(word in text for word in ("Preview", "no()", "p{}", "T\n"))
    assert preheader(source) == "Preview {{ x }}"


@pytest.mark.parametrize(
    "source",
    ["<!-- a", "text <a href='x'", "<![<![<![>", "<!-- --><![x]>", "<![ if mso]>", "<!--" * 60_000],
)
def test_broken_mark_up_is_refused_soon(source: str) -> None:
    with pytest.raises(ContentError):
        prepare(source, pixel=False)
    assert not has_unsubscribe(source)


def test_what_only_outlook_reads_is_mark_up() -> None:
    link = '<a href="https://a.example">a</a>'
    source = f"<!--<![x]>--><![IF !mso]>{link}<![else]>{link}<![endif]><![CDATA[{link}]]>"
    assert prepare(source, pixel=False).links == ["https://a.example"] * 2


def test_long_names_in_tags_are_no_trap() -> None:
    assert prepare("<a " + "b" * 200_000 + ">", pixel=False).links == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            '<a href="https://a.example/d0">A</a><a href="https://a.example/d1">B</a>.',
            "A: {% __link 0 %} B: {% __link 1 %}.",
        ),
        ('<img alt="Logo"><img alt="Sale">now', "Logo Sale now"),
        (
            '<a href="https://a.example"><img alt="Buy"></a><a href="https://b.example"><img></a>x',
            "Buy: {% __link 0 %} {% __link 1 %} x",
        ),
        (
            '<a href="https://a.example"><table><tr><td>Buy</td></tr></table></a><p>After</p>',
            "Buy: {% __link 0 %}\n\nAfter",
        ),
        (
            'See <a href="https://a.example">a</a>, (<a href="https://b.example">b</a>) or {{ c }}',
            "See a: {% __link 0 %}, (b: {% __link 1 %}) or {{ c }}",
        ),
        ('<a href="https://a.example">{{ b }}</a>{{ c }}', "{{ b }}: {% __link 0 %} {{ c }}"),
        (
            '<area href="https://a.example/l" alt="Left"><area href="https://a.example/r" alt="">',
            "Left: {% __link 0 %} {% __link 1 %}",
        ),
        (
            '<!--[if mso]><a href="https://o.example">Outlook</a><![endif]-->'
            '<a href="https://o.example">All</a>',
            "All: {% __link 1 %}",
        ),
    ],
)
def test_links_and_pictures_in_a_row_stand_apart(source: str, text: str) -> None:
    assert text_of(source) == f"{text}\n"


def test_pictures_in_a_row_stand_apart_in_an_inbox() -> None:
    assert preheader('<img alt="Logo"><img alt="Sale"> now') == "Logo Sale now"
