"""Is jane@ blocked? One address, in any spelling, and nobody else's."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from config.workspace.access.keys import create_api_key
from config.workspace.models import Role
from consent.models import Suppression
from consent.suppression.asking import ask
from consent.suppression.suppressing import suppress
from tests.api.world import client as api_client
from tests.cast import make_user

pytestmark = pytest.mark.django_db
LIST = reverse("admin:consent_suppression_changelist")


@pytest.fixture
def jane():
    row, _new = suppress(
        kind="email", value="jane@example.com", reason="hard_bounce", detail="550 no such user"
    )
    suppress(kind="email", value="other@example.org", reason="manual")
    suppress(kind="phone", value="+6281234567890", reason="manual")
    return row


@pytest.mark.parametrize("spelled", ["jane@example.com", " Jane@Example.COM ", "JANE@EXAMPLE.COM"])
def test_a_mail_address_is_found_in_any_spelling(jane, spelled, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        assert [row.pk for row in ask(spelled).rows] == [jane.pk]


def test_a_phone_is_found_and_a_part_of_an_address_is_none(jane):
    assert [row.kind for row in ask("+62 812-3456-7890").rows] == ["phone"]
    assert ask("jan@example.com").rows == []
    assert ask("").rows == [] and ask("   ").spelled == []


def test_the_list_says_yes_with_reason_and_evidence_and_shows_nobody_else(jane, client):
    client.force_login(make_user(Role.ADMIN))
    page = client.get(LIST, {"q": "JANE@example.com"}).content.decode()
    assert "<b>Yes.</b>" in page and "Hard bounce" in page and "550 no such user" in page
    assert page.count('class="action-select"') == 1 and "1 address" in page
    none = client.get(LIST, {"q": "nobody@example.com"}).content.decode()
    assert "<b>No.</b>" in none and 'class="action-select"' not in none
    assert "no whole address" in client.get(LIST, {"q": "jane@"}).content.decode()


def test_who_does_not_see_addresses_cannot_ask_by_one(jane, client, monkeypatch):
    user = make_user(Role.ADMIN)
    client.force_login(user)
    monkeypatch.setattr("consent.admin.may", lambda _user, name: name != "people.personal")
    page = client.get(LIST, {"q": "jane@example.com"}).content.decode()
    assert "Yes." not in page and "No." not in page and 'id="searchbar"' not in page
    assert page.count('class="action-select"') == 3, "and the list is not narrowed by it"


def test_a_key_that_may_not_see_addresses_hears_the_same_whether_or_not_one_is_suppressed(jane):
    masked = api_client(create_api_key(name="bounces", scopes=["suppressions"])[1])
    for value in ("jane@example.com", "jane@example.com", "never@example.com"):
        answer = masked.delete(f"/api/suppressions/?kind=email&value={value}")
        assert (answer.status_code, answer.content) == (204, b"")
    assert not Suppression.objects.filter(pk=jane.pk).exists()
    whole = api_client(create_api_key(name="whole", scopes=["all"])[1])
    assert whole.delete("/api/suppressions/?kind=email&value=never@example.com").status_code == 404


@pytest.mark.parametrize("written", ["0062 812 3456 7890", "tel:+62-812-3456-7890"])
def test_the_api_releases_by_every_spelling_that_the_list_finds(jane, written):
    assert [row.kind for row in ask(written).rows] == ["phone"]
    key = api_client(create_api_key(name="bounces", scopes=["suppressions"])[1])
    query = urlencode({"kind": "phone", "value": written})
    assert key.delete(f"/api/suppressions/?{query}").status_code == 204
    assert ask(written).rows == []
