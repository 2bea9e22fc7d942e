"""MJML with Liquid inside, and what its compiler would not tell."""

import pytest

from campaigns.content.compiling.mjml import compile_mjml


def page(body: str) -> str:
    return f"<mjml>\n<mj-body>\n{body}\n</mj-body>\n</mjml>"


def section(inner: str) -> str:
    return f"<mj-section><mj-column>\n{inner}\n</mj-column></mj-section>"


def messages(source: str) -> list[tuple[str, int | None]]:
    return [(problem.message, problem.line) for problem in compile_mjml(source)[1]]


def test_liquid_survives_unharmed() -> None:
    liquid = "{% if a < b and c > \"d\" %}{{ name | default: '<you>' }}{% endif %}"
    html, problems = compile_mjml(page(section(f"<mj-text>Hi {liquid} &amp; all</mj-text>")))
    assert liquid in html
    assert problems == []


def test_loop_around_sections_in_raw() -> None:
    row = "<mj-raw>{% for p in products %}</mj-raw>" + section("<mj-text>{{ p.name }}</mj-text>")
    html, problems = compile_mjml(page(row + "<mj-raw>{% endfor %}</mj-raw>"))
    assert html.index("{% for") < html.index("{{ p.name }}") < html.index("{% endfor %}")
    assert problems == []


def test_no_third_party_font_is_asked_for() -> None:
    html, _ = compile_mjml(page(section('<mj-text font-family="Ubuntu">a</mj-text>')))
    assert "googleapis" not in html


@pytest.mark.parametrize(
    ("body", "words", "line"),
    [
        ("{% for p in ps %}" + section("<mj-text>a</mj-text>") + "{% endfor %}", "mj-raw", 3),
        (section("<mj-txt>a</mj-txt>"), "unknown tag <mj-txt> (meant mj-text?)", 4),
        (section('<mj-text colr="red">a</mj-text>'), "unknown attribute colr of <mj-text>", 4),
        (section('<mj-text {% if a %}color="red"{% endif %}>a</mj-text>'), "into a value", 4),
        (section("\n<mj-image src='a' width='{{ w }}px' />"), "{{ w }} is lost here", 5),
        (section("<mj-text>\n<mj-button>b</mj-button></mj-text>"), "stays as it is", 5),
        ("lost words", "text directly in mj-body", 3),
    ],
)
def test_problems_name_their_line(body: str, words: str, line: int) -> None:
    assert any(words in message and line == at for message, at in messages(page(body)))


@pytest.mark.parametrize(
    "source",
    [
        page('<mj-include path="/etc/passwd" />'),
        page("<mj-section>"),
        "no mjml",
        "",
        '<!DOCTYPE a [<!ENTITY b "c">]><mjml><mj-body></mj-body></mjml>',
    ],
)
def test_what_cannot_be_compiled_gives_an_error_and_no_html(source: str) -> None:
    html, problems = compile_mjml(source)
    assert html == ""
    assert problems[-1].severity == "error"


def test_attributes_of_classes_and_defaults_are_known() -> None:
    head = (
        '<mjml><mj-head><mj-attributes><mj-all font-family="Arial" /><mj-class name="x" color="red"'
        ' /><mj-text padding-left="0" /></mj-attributes></mj-head><mj-body></mj-body></mjml>'
    )
    assert messages(head) == []


def test_line_ends_of_a_browser_compile_too() -> None:
    source = "<mjml>\r\n<mj-head>\r\n<mj-title>T</mj-title>\r\n</mj-head>\r\n<mj-body>\r\n"
    source += "<mj-section><mj-column><mj-text>Hi</mj-text></mj-column></mj-section>\r\n"
    html, problems = compile_mjml(source + "</mj-body>\r\n</mjml>")
    assert "Hi" in html and problems == []
