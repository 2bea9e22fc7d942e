"""`POST /api/content/render/` and `/api/content/mjml/` as plain functions; views wire them in.

Both take the parsed JSON body and raise ContentError (400, with line and column where known).
"""

from collections.abc import Mapping
from typing import Any

from campaigns.content.errors import Abort, ContentError
from campaigns.content.sandbox.calls import compile_mjml, render_template

_MAX_TEMPLATES = 100


class WrongField(ContentError):
    """A field of the body is not what it must be."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(f"{field}: {words}")
        self.field = field


def render_content(payload: Mapping[str, Any]) -> dict[str, Any]:
    """`template, data{}?, escape (default true), templates{name: text}?` -> `result, missing[]`.

    A template that aborts gives an empty result and its reason in `aborted`. Raises ContentError.
    """
    template = _of_type(payload, "template", str, None)
    data = _of_type(payload, "data", dict, {})
    escape = _of_type(payload, "escape", bool, True)
    templates = _of_type(payload, "templates", dict, {})
    if len(templates) > _MAX_TEMPLATES or not all(isinstance(t, str) for t in templates.values()):
        raise WrongField("templates", f"at most {_MAX_TEMPLATES} texts by name")
    try:
        result, missing = render_template(template, data, escape=escape, templates=templates)
    except Abort as abort:
        return {"result": "", "missing": [], "aborted": abort.reason}
    return {"result": result, "missing": missing}


def render_mjml(payload: Mapping[str, Any]) -> dict[str, Any]:
    """`mjml` -> `html, problems[{message, line, column, severity}]`. Raises ContentError."""
    html, problems = compile_mjml(_of_type(payload, "mjml", str, None))
    return {"html": html, "problems": [problem.to_dict() for problem in problems]}


def _of_type(payload: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    """The field, or `default` where it is absent; None as default makes it required."""
    value = payload.get(name, default)
    if not isinstance(value, kind):
        words = {str: "text", dict: "an object", bool: "true or false"}
        raise WrongField(name, f"must be {words[kind]}")
    return value
