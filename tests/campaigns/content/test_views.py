"""The shapes of `/api/content/render/` and `/api/content/mjml/`."""

from typing import Any

import pytest

from campaigns.api.content_views import render_content, render_mjml
from campaigns.content.errors import ContentError


def test_render_escapes_by_default() -> None:
    payload: dict[str, Any] = {"template": "{{ a }}{{ b }}", "data": {"a": "<"}}
    assert render_content(payload) == {"result": "&lt;", "missing": ["b"]}
    assert render_content({**payload, "escape": False})["result"] == "<"


def test_render_uses_the_given_templates() -> None:
    payload = {"template": "{% include 'a' %}", "templates": {"a": "hi"}}
    assert render_content(payload)["result"] == "hi"


def test_render_says_why_it_aborted() -> None:
    assert render_content({"template": "{% abort_message 'no' %}"})["aborted"] == "no"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"template": 1},
        {"template": "", "data": []},
        {"template": "", "data": None},
        {"template": "", "escape": "yes"},
        {"template": "", "templates": {"a": 1}},
    ],
)
def test_wrong_fields_are_named(payload: dict[str, Any]) -> None:
    with pytest.raises(ContentError, match="template|data|escape"):
        render_content(payload)


def test_error_has_line_and_column() -> None:
    with pytest.raises(ContentError) as caught:
        render_content({"template": "\n {% nosuch %}"})
    assert (caught.value.line, caught.value.column) == (2, 5)


def test_mjml_answers_html_and_problems() -> None:
    answer = render_mjml({"mjml": "<mjml><mj-body><mj-foo/></mj-body></mjml>"})
    assert "<html" in answer["html"]
    assert answer["problems"][0]["line"] == 1
    with pytest.raises(ContentError):
        render_mjml({})
