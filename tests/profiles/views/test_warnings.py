"""The page of data warnings: what each means, an example for who may see it, a next step."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.workspace.models import Role
from consent.signals.choices import STRING, UNREADABLE
from consent.signals.collecting import UNMAPPED
from profiles.ingest import processor, pruning
from profiles.ingest.inbox import accept
from profiles.models import DataWarning, EventDefinition
from profiles.traits.definitions import OUT_OF_RANGE, TOO_MANY_NAMES, WITHHELD
from profiles.warning_words import WARNINGS
from tests.cast import make_source, make_user

pytestmark = pytest.mark.django_db
PAGE = "/console/profiles/datawarning/"
WRITTEN = {
    "OUT_OF_RANGE": OUT_OF_RANGE,
    "TOO_MANY_NAMES": TOO_MANY_NAMES,
    "WITHHELD": WITHHELD,
}


def codes_of(words: ast.expr) -> set[str]:
    """What may stand in the place of a code."""
    if isinstance(words, ast.Constant):
        return {words.value}
    if isinstance(words, ast.Name):
        return {WRITTEN[words.id]}
    if isinstance(words, ast.IfExp):
        return codes_of(words.body) | codes_of(words.orelse)
    assert ast.unparse(words) == "f'trait_{refused.why}'", ast.unparse(words)
    return {f"trait_{why}" for why in ("name", "size", "number", "total")}


def test_every_code_that_is_counted_anywhere_has_words_and_no_words_are_left_over():
    found = set()
    for path in sorted((Path(settings.BASE_DIR) / "profiles").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".warn", "_warn")):
                found |= codes_of(node.args[1])
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "self._warnings":
                code = node.slice.elts[1] if isinstance(node.slice, ast.Tuple) else None
                found |= (
                    codes_of(code) if isinstance(code, ast.Name) and code.id.isupper() else set()
                )
    assert found | {UNREADABLE, STRING, UNMAPPED} == set(WARNINGS)


@pytest.fixture
def source():
    source = make_source("Web shop", "server")
    sold = {"value_property": "revenue", "is_money": True}
    EventDefinition.objects.update_or_create(name="Order Completed", defaults=sold)
    accept(
        source,
        [
            {"type": "identify", "userId": "u1", "traits": {"email": "jan.de.vries@"}},
            {"type": "identify", "userId": "null", "anonymousId": "a1", "traits": {}},
            *(
                {"type": "track", "event": "Order Completed", "userId": "u1", "properties": own}
                for own in (
                    {"revenue": "a lot", "currency": "EUR"},
                    {"revenue": {"amount": 5}, "currency": "EUR"},
                    {"revenue": 49.5, "currency": "XTS"},
                    {"revenue": 1e300, "currency": "EUR"},
                )
            ),
        ],
    )
    while processor.work():
        pass
    return source


def test_each_warning_says_what_it_means_where_it_is_and_what_to_do(source, client):
    client.force_login(make_user(Role.ADMIN))
    page = client.get(PAGE).content.decode()
    for code in ("unusable_identifier", "value_not_a_number", "unknown_currency", OUT_OF_RANGE):
        warned = WARNINGS[code]
        assert str(warned.meaning) in page.replace("&#x27;", "'")
        assert str(warned.remedy) in page.replace("&#x27;", "'")
    definition = EventDefinition.objects.get(name="Order Completed")
    for url in (
        f"/console/profiles/source/{source.pk}/change/",
        f"/console/profiles/eventdefinition/{definition.pk}/change/",
        f"/console/live/?source={source.pk}",
        "/console/profiles/exchangerate/add/?currency=XTS",
        "/console/profiles/eventdefinition/?q=Order+Completed",
    ):
        assert f'href="{url}"' in page
        assert client.get(url).status_code == 200, url
    for example in ("jan.de.vries@", "null", "a lot", "49.5", "1e+300"):
        assert f'<code class="r-name">{example}</code>' in page
    row = DataWarning.objects.get(code="value_not_a_number")
    assert (row.count, row.example) == (2, "a lot")
    assert " warnings<" in page


def test_a_masked_role_sees_what_its_gate_lets_through(source, client):
    client.force_login(make_user(Role.INTEGRATOR))
    page = client.get(PAGE).content.decode()
    assert "jan.de.vries" not in page and "null" in page and "a lot" in page
    EventDefinition.objects.filter(name="Order Completed").update(value_property="note_to_us")
    accept(source, [{"type": "track", "event": "Order Completed", "userId": "u1",
                     "properties": {"note_to_us": "Ulrike says hello"}}])  # fmt: skip
    while processor.work():
        pass
    page = client.get(PAGE).content.decode()
    assert "note_to_us" in page and "Ulrike" not in page
    assert "/console/profiles/exchangerate/add/" not in page, "which an integrator may not"
    assert "Add a rate for it" in page


def test_the_newest_example_stands_and_goes_after_a_time(source, settings):
    accept(source, [{"type": "identify", "userId": "u1", "traits": {"email": "piet@@shop"}}])
    while processor.work():
        pass
    row = DataWarning.objects.get(code="unusable_identifier", detail="email")
    assert (row.example, row.count) == ("piet@@shop", 2)
    settings.REJECTION_DAYS = 30
    pruning.prune_refusals(timezone.now() + timedelta(days=29))
    assert DataWarning.objects.exclude(example="").exists()
    pruning.prune_refusals(timezone.now() + timedelta(days=31))
    assert not DataWarning.objects.exclude(example="").exists()
    assert DataWarning.objects.get(pk=row.pk).count == 2


def test_more_warnings_ask_no_more_questions(source, client):
    client.force_login(make_user(Role.ADMIN))

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(PAGE).status_code == 200
        return len(seen)

    count()
    few = count()
    now = timezone.now()
    for number in range(20):
        DataWarning.objects.create(
            source=source, code="trait_size", event_name=f"Event {number}", detail="notes",
            first_seen=now, last_seen=now,
        )  # fmt: skip
    assert count() == few
