"""Currencies, languages, countries and zones by their names; what is stored is the code."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from config.workspace.access.keys import known_scopes
from config.workspace.access.scopes import GROUPS, scope_choices, scope_in_words, scopes_in_words
from config.workspace.forms import pickers
from config.workspace.models import Role, Workspace
from config.workspace.permissions import ALL_SCOPES
from tests.cast import make_user
from tests.workspace.forms.test_marketing_part import saved


@pytest.mark.parametrize(
    ("language", "indonesia", "euro"),
    [("en", "Indonesia", "Euro (EUR)"), ("id", "Indonesia", "Euro (EUR)")],
)
def test_names_are_in_the_readers_language(language, indonesia, euro):
    with override(language):
        countries, money = dict(pickers.country_choices()), dict(pickers.currency_choices())
        zones = dict(pickers.named_zone_choices())
    assert countries["ID"] == indonesia and money["EUR"] == euro
    assert countries["DE"] == {"en": "Germany", "id": "Jerman"}[language]
    assert zones["Asia/Jakarta"] == "Asia, Jakarta (UTC+07:00)"
    assert len(countries) > 200 and len(money) > 140 and len(zones) > 300
    assert not {"XXX", "XAU", "DEM"} & money.keys() and "ZZ" not in countries


@pytest.mark.django_db
def test_a_code_that_is_stored_and_on_no_list_stays_and_an_invented_one_is_refused(client):
    client.force_login(make_user(Role.ADMIN))
    Workspace.objects.update(locale="de-AT")
    page = client.get(reverse("admin:workspace_workspace_change", args=[1])).content.decode()
    assert '<option value="de-AT" selected>' in page
    assert 'data-searched="' in page and "Netherlands" in page
    assert saved(client, locale="de-AT", currency="IDR", country="ID") == ""
    row = Workspace.objects.get()
    assert (row.locale, row.currency, row.country) == ("de-AT", "IDR", "ID")
    assert "id_currency_error" in saved(client, currency="QQQ")
    assert "id_time_zone_error" in saved(client, time_zone="Mars/Base")


def test_every_scope_is_said_in_words_and_stands_in_its_group():
    known = known_scopes()
    offered = [scope for _group, ones in scope_choices(known) for scope, _label in ones]
    assert sorted(offered) == sorted(known)
    for scope in known:
        assert scope_in_words(scope) != scope, scope
    assert {scope.partition(".")[0] for scope in known} - {ALL_SCOPES} == set(GROUPS)
    assert scopes_in_words(["people.view"]) == "See people, masked"
    assert scopes_in_words(known[:5]).endswith("and 2 more")
