"""docs/security.md and docs/asvs.md name what is there."""

import re

import pytest

from config.paths import BASE_DIR

ROOTS = "config|profiles|consent|segments|campaigns|tests|static|docs|templates|requirements"
PATH = re.compile(rf"`((?:{ROOTS})/[^`\s]*)`")
POINT = re.compile(r"^\| (\d+\.\d+\.\d+) \| (met|not met|not applicable) \| (.+) \|$", re.M)


@pytest.mark.parametrize("name", ["security.md", "asvs.md"])
def test_every_file_that_is_named_is_there(name):
    named = set(PATH.findall((BASE_DIR / "docs" / name).read_text()))
    assert len(named) > 10
    assert [one for one in sorted(named) if not list(BASE_DIR.glob(one.rstrip("/")))] == []


def test_the_list_has_each_point_once_and_its_sums_are_right():
    text = (BASE_DIR / "docs" / "asvs.md").read_text()
    points = POINT.findall(text)
    assert len(points) == len({number for number, _state, _words in points}) == 253
    counts = [sum(state == one for _n, state, _w in points) for one in ("met", "not met")]
    assert f"Of 253 points {counts[0]} are met, {counts[1]} are not" in " ".join(text.split())
