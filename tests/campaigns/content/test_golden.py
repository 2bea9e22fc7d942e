"""Golden Liquid (MIT, by the authors of several Liquid engines): 500-odd templates."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from campaigns.api.content_views import render_content
from campaigns.content.errors import ContentError

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SHARED_DATA") or HERE.parents[4] / "shared" / "data")
GOLDEN = DATA / "golden_liquid.json"
DEVIATIONS = {
    "blank and empty, false is equal to blank": "the library's blank is only empty or white space",
    "blank and empty, nil is equal to blank": "the same",
    "blank and empty, null is equal to blank": "the same",
    "tags, case, unexpected when token, strict2": "the library ignores what follows `and` in when",
}
FIELDS = ("template", "data", "templates")
CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text())["tests"] if GOLDEN.exists() else []


def test_golden_file_is_there() -> None:
    if not CASES:
        pytest.skip(f"no {GOLDEN}: set SHARED_DATA to run the golden templates")
    assert len(CASES) > 500


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_golden_template(case: dict[str, Any]) -> None:
    if case["name"] in DEVIATIONS:
        pytest.skip(DEVIATIONS[case["name"]])
    payload: dict[str, Any] = {key: case[key] for key in FIELDS if key in case}
    if case.get("invalid"):
        with pytest.raises(ContentError):
            render_content({**payload, "escape": False})
        return
    result = render_content({**payload, "escape": False})["result"]
    assert result in case.get("results", [case.get("result")])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_golden_template_never_breaks_where_it_escapes(case: dict[str, Any]) -> None:
    payload: dict[str, Any] = {key: case[key] for key in FIELDS if key in case}
    try:
        render_content(payload)
    except ContentError as error:
        assert error.message
