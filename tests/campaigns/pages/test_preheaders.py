"""The preheader's way into the source and out again."""

import time

import pytest

from campaigns.pages.editor.preheaders import with_preheader, without_preheader
from campaigns.pages.page_header import plain

MJML = "<mjml>\n  <mj-body></mj-body>\n</mjml>\n"
HEAD = "<mjml>\n  <mj-head>\n    <mj-title>x</mj-title>\n  </mj-head>\n  <mj-body/>\n</mjml>\n"
HTML = "<html><body class='a'>\n<p>Hi</p></body></html>"


@pytest.mark.parametrize(("source", "is_mjml"), [(MJML, True), (HEAD, True), (HTML, False)])
def test_what_goes_in_comes_out_again(source, is_mjml):
    written = with_preheader(source, 'Free & fast, {{ name | default: "you" }} <3', is_mjml=is_mjml)
    assert "&amp; fast" in written
    assert '{{ name | default: "you" }}' in written
    plain, words = without_preheader(written, is_mjml=is_mjml)
    assert words == 'Free & fast, {{ name | default: "you" }} <3'
    assert plain == source


def test_new_words_take_the_place_of_the_old_ones():
    once = with_preheader(HEAD, "one", is_mjml=True)
    twice = with_preheader(once, "two", is_mjml=True)
    assert "one" not in twice
    assert twice.count("<mj-preview>") == 1


@pytest.mark.parametrize("source", ["", "no mark-up at all"])
def test_where_there_is_no_place_the_source_stays(source):
    assert with_preheader(source, "words", is_mjml=True) == source


LONG = 200_000


@pytest.mark.parametrize("is_mjml", [True, False])
def test_a_source_of_one_long_run_is_read_through_once(is_mjml):
    began = time.perf_counter()
    for part in (
        " ", "<mj-preview", "<mj-preview>", '<div data-preheader style="', "<mj-head", "<mj-head> ",
        '<div data-preheader style="x">', "<body", "<mjml", "{{", "{{ a", "{{-", "{% ",
    ):  # fmt: skip
        source = part * (LONG // len(part))
        assert without_preheader(source, is_mjml=is_mjml) == (source, "")
        assert with_preheader(source, "words", is_mjml=is_mjml)
        assert plain(source) is not None
    assert time.perf_counter() - began < 10, "they took minutes"
