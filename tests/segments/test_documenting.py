"""docs/integrators/rules.md is what the classes say, and every rule in it can be asked."""

import json
import re

import pytest
from django.utils import timezone

from config.postgres.sql import sql
from profiles.language.operators import OPERATORS
from segments import documenting
from segments.rules import KINDS, parse_rule
from segments.rules.compiler import CompileContext, count_of
from segments.services import create_segment
from tests.cast import make_ada

EXAMPLES = list(documenting.examples())
BLOCK = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_is_what_the_classes_say():
    """`manage.py rules` writes it anew."""
    assert documenting.PAGE.read_text() == documenting.page()


def test_every_kind_and_every_operator_is_there_with_an_example():
    page = documenting.PAGE.read_text()
    assert [name for name in KINDS if f"### `{name}`" not in page] == []
    assert [name for name in OPERATORS if f"| `{name}` |" not in page] == []
    shown = [json.loads(found) for found in BLOCK.findall(page)]
    rules = [rule for _words, rule, _entry in EXAMPLES]
    assert len(shown) > len(KINDS)
    assert [rule for rule in shown if rule not in rules] == []
    tested = {one["op"] for rule in rules for one in rule["conditions"] if "op" in one}
    assert tested == set(OPERATORS)


@pytest.mark.django_db
def test_every_example_is_read_said_and_asked():
    make_ada()
    create_segment(slug="buyers", name="Buyers", kind="static")
    entered = sql("SELECT id AS profile_id, first_seen AS entered_at FROM profile")
    for words, rule, has_entry in EXAMPLES:
        read = parse_rule(rule, has_entry=has_entry)
        assert read.describe(), words
        context = CompileContext(timezone.now(), entered=entered if has_entry else None)
        assert count_of(read, context) in (0, 1), words
