"""Content that is too much: said at its field, in checks and preview alike, and mended there."""

import pytest
from django.urls import reverse
from django.utils import translation

from campaigns.content.errors import ContentError
from campaigns.content.render import MessageUrls, compile_content, render
from campaigns.content.words import in_words, said
from campaigns.pages.editor.previews import draft_of
from campaigns.services.checks import check_campaign
from campaigns.services.drafts import update_campaign
from tests.campaigns.builders import make_campaign, make_segment
from tests.campaigns.pages.conftest import people_of

pytestmark = pytest.mark.django_db
MJML = "<mjml>\n<mj-body>\n<mj-section>\n<mj-column>\n<mj-text>\nHello\n{}\n</mj-text>\n"
MJML += "</mj-column>\n</mj-section>\n</mj-body>\n</mjml>"
RANGE = "{% if (1..99999999999) contains 'x' %}a{% endif %}"
ROUNDS = "{% for a in (1..9999) %}{% for b in (1..99) %}{% endfor %}{% endfor %}"
DEEP = "<mjml><mj-body>\n" + "<mj-section>" * 200 + "</mj-section>" * 200 + "</mj-body></mjml>"
CASES = [
    (MJML.format(RANGE), "At {% if (1..99999999999) contains &#x27;x&#x27; %}: A range has more"),
    (MJML.format(ROUNDS), "At {% for a in (1..9999) %}: Its loops run more than 20,000 times"),
    (MJML.format("{% if a %}"), "Line 7: expected tag endif"),
    (MJML.format("{% render 'x' %}"), "There is no such partial. Put its text here itself."),
    (DEEP, "Line 2: Elements stand more than 100 deep in each other."),
]


def url(name, campaign, *more):
    return reverse(f"campaigns:{name}", args=[campaign.slug, *more])


def write(campaign, **content):
    step = campaign.steps[0] | {"content": {"subject": "Hi", **content}}
    return update_campaign(campaign, {"steps": [step]})


@pytest.mark.parametrize(("source", "words"), CASES)
def test_a_draft_that_is_too_much_is_kept_opened_told_at_its_field_and_mended(
    marketer, source, words
):
    campaign = write(make_campaign(make_segment(*people_of(1))), mjml=source)
    assert marketer.get(url("step", campaign, "what")).status_code == 200
    panel = marketer.get(url("preview", campaign)).content.decode()
    at_field = panel.partition('<div id="err-source" hx-swap-oob="true">')[2].partition("</div>")[0]
    assert words in at_field
    checks = marketer.get(url("count", campaign)).content.decode()
    assert words in checks.partition('id="findings"')[2]
    campaign = write(campaign, mjml=MJML.format("mended"))
    panel = marketer.get(url("preview", campaign)).content.decode()
    assert "err-source" not in panel
    assert "Cannot be made" not in panel


def test_what_is_wrong_with_the_subject_stands_at_the_subject():
    campaign = make_campaign(make_segment(*people_of(1)))
    campaign = write(campaign, subject="{% if %}", html="<p>x</p>")
    assert draft_of(campaign).part == "subject"
    assert [check.path for check in check_campaign(campaign)] == ["steps[0].content.subject"]
    campaign = write(campaign, html="<p>x</p>", text="one\n{% if %}")
    draft = draft_of(campaign)
    assert (draft.part, draft.error) == ("text", "Line 2: missing expression")


def test_lines_are_those_of_what_was_written_or_none():
    """The mail is MJML made into HTML, and its plain text is made of that."""
    plain = MJML.format("{% if view_url contains 'x' %}" + RANGE + "{% endif %}")
    compiled = compile_content("s", mjml=plain)
    with pytest.raises(ContentError) as caught:
        render(compiled, data={}, urls=MessageUrls(view="x"), measuring=False)
    error = caught.value
    assert (error.line, error.part, error.piece) == (
        None,
        "source",
        RANGE.removesuffix("a{% endif %}"),
    )
    assert compiled.derived == ["html", "text"]
    assert compile_content("s", html="<p>x</p>", text="x").derived == []


def test_each_limit_is_in_the_readers_language_with_its_number():
    with translation.override("id"):
        assert "20.000" in in_words("a range has more than 20,000 numbers")
        assert said(ContentError("unexpected tag 'foo'", 3)).endswith("3: unexpected tag 'foo'")
