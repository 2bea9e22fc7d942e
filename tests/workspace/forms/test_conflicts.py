"""An admin form of an old page writes nothing over, whatever the object."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from campaigns.models import Sender
from config.workspace.forms.audited import AuditedAdmin
from config.workspace.models import User
from consent.models import Purpose
from tests.campaigns.builders import make_sender
from tests.cast import make_source, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(client):
    client.force_login(make_user())
    return client


def posted_by(page: str) -> dict[str, str]:
    """What a browser would post of the page's form, as far as text fields go."""
    form = page[page.index('id="content-main"') :]
    fields = dict(re.findall(r'<input type="hidden" name="(built_on)" value="([^"]+)"', form))
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag and 'type="submit"' not in tag:
            fields[name[1]] = value[1] if value else ""
    for name, text in re.findall(r'<textarea name="(\w+)"[^>]*>\s*([^<]*)</textarea>', form):
        fields[name] = text
    return fields


def test_an_old_page_is_refused_and_says_so_and_counts_when_saved_once_more(console):
    sender = make_sender()
    path = reverse("admin:campaigns_sender_change", args=[sender.pk])
    typed = posted_by(console.get(path).content.decode()) | {"is_default": "on"}
    Sender.objects.update(postal_address="Another street 5, Utrecht")
    typed |= {"name": "Mine", "postal_address": "Old street"}
    page = console.post(path, typed)
    assert page.status_code == 200
    assert "Somebody changed this since you opened the page" in page.content.decode()
    assert 'value="Mine"' in page.content.decode(), "what was typed stays"
    assert Sender.objects.get().postal_address == "Another street 5, Utrecht"
    again = posted_by(page.content.decode()) | {"is_default": "on"}
    assert again["built_on"] != typed["built_on"]
    assert console.post(path, again).status_code == 302
    assert Sender.objects.get().name == "Mine"


def test_another_error_does_not_make_an_old_page_new(console):
    sender = make_sender()
    path = reverse("admin:campaigns_sender_change", args=[sender.pk])
    typed = posted_by(console.get(path).content.decode()) | {"is_default": "on"}
    page = console.post(path, typed | {"address": "none"}).content.decode()
    Sender.objects.update(name="Theirs")
    page = console.post(path, posted_by(page) | {"is_default": "on", "address": "a@b.example"})
    assert page.status_code == 200
    assert Sender.objects.get().name == "Theirs"


def test_every_admin_that_changes_objects_carries_what_its_form_was_made_of(console):
    make_sender()
    make_source()
    seen = set()
    for model, here in admin.site._registry.items():
        row = model._default_manager.first()
        if not isinstance(here, AuditedAdmin) or row is None:
            continue
        label = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        page = console.get(reverse(label, args=[row.pk]))
        if page.status_code == 200 and 'type="submit"' in page.content.decode():
            assert 'name="built_on"' in page.content.decode(), label
            seen.add(model)
    assert {Sender, User, Purpose} <= seen
