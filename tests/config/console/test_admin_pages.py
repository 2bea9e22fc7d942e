"""Each list and form that comes from the admin looks and speaks like the rest of the console."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.functional import Promise

from config.console.shell.theme import title_of
from config.workspace import audit
from config.workspace.access.keys import create_api_key
from config.workspace.models import IdentityProvider, User
from consent.models import ErasureDuty, Purpose, SignalMapping, Topic, Wording
from consent.suppression.suppressing import suppress
from profiles.models import DataWarning, EventDefinition, ExchangeRate, FieldTag, TraitName
from tests.campaigns.builders import make_sender
from tests.cast import make_source, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LANGUAGES = ("en", "id")
# what Django and the theme would say, in either language
THEIRS = (
    "to change", "to view", "Add another", "Save and", "Select value", "Select action", "Type to",
    "Run the selected", "successfully", "---------", "None</", "admin/img", "material-symbols",
    "By clicking", "Simpan dan", "Pilih nilai", "Pilih tindakan", "menambahkan lagi", "Currently",
    "Filters<", "Are you sure", "Apakah Anda yakin", "Objects<", "Summary<", "Yes, I",
    "take me back",
)  # fmt: skip
CODE = re.compile(r">\s*([a-z]+(?:[_.][a-z]+)+)\s*<")  # people.view, no_permission
MAIN = re.compile(r'<main class="r-app r-page".*?</main>', re.DOTALL)
CRUMBS = re.compile(r'<nav class="sh-crumbs".*?</nav>', re.DOTALL)
# what somebody wrote, or what a program has to write: kept as it is
WRITTEN = re.compile(
    r"<code.*?</code>|<pre.*?</pre>|<bdi[^>]*>.*?</bdi>|<textarea.*?</textarea>", re.DOTALL
)


def rows() -> None:
    """One of each model at least."""
    source, boss = make_source(), make_user(name="boss")
    make_sender()
    create_api_key(name="Till", scopes=["people.view", "segments"], expires_at=None, by=boss)
    IdentityProvider.objects.create(
        name="Entra", slug="entra", kind="oidc", issuer="https://i.example"
    )
    suppress(kind="email", value="jane@example.com", reason="manual", detail="asked by phone")
    Topic.objects.create(purpose=Purpose.objects.first(), name="News", slug="news")
    Wording.objects.create(key="page", language="en", version=1, parts=[["text", "Yes"]])
    SignalMapping.objects.get_or_create(signal="tcf", name="4", defaults={"purpose": None})
    ErasureDuty.objects.create(data_class="orders", ground="law", because="Tax law", months=120)
    ExchangeRate.objects.create(currency="USD", day="2026-01-01", rate=0.9)
    EventDefinition.objects.get_or_create(name="Order Completed", defaults={"is_money": True})
    TraitName.objects.get_or_create(name="plan")
    FieldTag.objects.create(place="trait", name="plan", is_personal=False)
    seen = datetime(2026, 1, 2, tzinfo=UTC)
    DataWarning.objects.create(
        source=source, code="unknown_currency", first_seen=seen, last_seen=seen
    )
    with audit.acting(audit.actor_of_user(boss)):
        audit.record("source.created", "source", str(source.pk))


MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def addresses(model: Any) -> dict[str, str]:
    """The pages of a model that there are: list, add, change, delete."""
    base = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
    row = model._default_manager.order_by("-pk").first()
    assert row is not None, f"no row of {model.__name__} to look at"
    found = {"list": reverse(base + "changelist"), "add": reverse(base + "add")}
    for kind in ("change", "delete"):
        found[kind] = reverse(base + kind, args=[row.pk])
    return found


@pytest.fixture
def boss(client):
    rows()
    client.force_login(User.objects.get(username="boss"))
    return client


def faults(kind: str, page: str, model: Any) -> list[str]:
    """What a page says or lacks that ours do not."""
    found = []
    main = MAIN.findall(page)
    if len(main) != 1:
        return ["it is not in the console's own shell"]
    plain = WRITTEN.sub("", main[0])
    if len(re.findall(r"<h1", page)) != 1 or not re.search(r"<h1>.*\w.*</h1>", main[0], re.DOTALL):
        found.append("not one title")
    found += [f"the theme speaks: {words}" for words in THEIRS if words in plain]
    found += [f"a code word: {code}" for code in CODE.findall(plain)]
    primary = len(re.findall(r'class="[^"]*\br-btn-1\b', main[0]))
    makes = kind == "list" and bool(admin.site._registry[model].words.new)
    if primary > 1 or (makes and primary != 1) or (kind == "add" and primary != 1):
        found.append(f"{primary} primary actions")
    if kind in ("add", "change") and main[0].count('id="submit-row"') != 1:
        found.append("not one bar to save")
    crumbs = CRUMBS.findall(page)[0]
    listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    title = str(title_of(listed) or admin.site._registry[model].words.title)
    is_single = model._meta.model_name == "workspace"
    if title not in unescape(crumbs):
        found.append(f"the crumbs do not name {title}")
    if kind != "list" and not is_single and f'href="{listed}"' not in crumbs:
        found.append("no way back to the list")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_list_and_form_is_a_page_of_ours(boss, language):
    User.objects.filter(username="boss").update(locale=language)
    wrong, seen = {}, 0
    for model in MODELS:
        with translation.override(language):
            pages = addresses(model)
        for kind, path in pages.items():
            answer = boss.get(path, follow=True)
            if answer.status_code == 403:
                continue
            seen += 1
            assert answer.status_code == 200, path
            with translation.override(language):
                found = faults(kind, answer.content.decode(), model)
            if found:
                wrong[path] = found
    assert wrong == {}
    assert seen > 2 * len(MODELS)


def test_every_column_and_field_has_a_name_that_is_translated():
    """Django makes one up of a field's name, in English, where a model gives none."""
    made_up = []
    for model in MODELS:
        of = admin.site._registry[model]
        shown = {*of.list_display, *flatten_fieldsets(of.fieldsets or ()), *(of.fields or ())}
        for name in shown & {field.name for field in model._meta.get_fields()}:
            if not isinstance(model._meta.get_field(name).verbose_name, Promise):
                made_up.append(f"{model.__name__}.{name}")
    assert made_up == []


def test_every_list_has_its_words_and_counts_by_them():
    for model in MODELS:
        words = admin.site._registry[model].words
        assert words.title and words.lead, model
        assert "%(n)s" in words.counted(1) and "%(n)s" in words.counted(6), model
        assert words.counted(1) != words.counted(6), f"{model}: one is not said as many are"
        assert words.none or not words.new, f"{model}: an empty list does not say what is missing"


def test_people_in_the_team_are_counted_as_people(boss):
    page = boss.get(reverse("admin:workspace_user_changelist")).content.decode()
    assert "1 person in the team" in page
    make_user()
    page = boss.get(reverse("admin:workspace_user_changelist")).content.decode()
    assert "2 people in the team" in page


def test_what_was_done_to_a_thing_is_looked_up_in_the_trail(boss):
    sender = make_sender()
    answer = boss.get(reverse("admin:campaigns_sender_history", args=[sender.pk]))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:workspace_auditentry_changelist"))


def test_a_list_of_models_is_no_page(boss):
    with pytest.raises(NoReverseMatch):
        reverse("admin:app_list", args=["no-such-app"])
    assert boss.get("/console/consent/").status_code == 404
