"""The banner: saved with its words as versions, served to any site, its categories mapped."""

import json

import pytest
from django.test import Client

from consent.banner.colours import contrast, ink_on
from consent.models import Banner, ConsentEntry, SignalMapping, Wording
from consent.pages.banner.forms import BannerForm
from profiles.ingest import keys
from tests.cast import make_user
from tests.profiles.ingest.conftest import Caller, make_source, work_off

pytestmark = pytest.mark.django_db
KEY = "key-site"


@pytest.fixture
def site():
    keys._known.clear()
    return make_source("site", "browser", public_write_key=KEY)


@pytest.fixture
def officer():
    client = Client()
    client.force_login(make_user("privacy_officer"))
    return client


def filled(site, **changed):
    """The form as it is shown first, with what is changed."""
    form = BannerForm(source=site)
    given = {
        name: form.get_initial_for_field(field, name) or ""
        for name, field in form.fields.items()
        if name != "is_on"
    }
    return given | {"is_on": "on"} | changed


def save(officer, site, **changed):
    return officer.post(f"/console/privacy/banner/{site.pk}/", filled(site, **changed))


def document(lang="en", key=KEY):
    return Client().get(f"/consent/{key}/banner.json?lang={lang}")


def test_a_banner_is_saved_and_any_site_reads_it(officer, site):
    assert document().status_code == 204
    assert save(officer, site).status_code == 302
    answer = document("id-ID")
    said = answer.json()
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert [one["slug"] for one in said["purposes"]] == [
        "measuring", "personalisation", "sharing-for-ads"
    ]  # fmt: skip
    assert (said["language"], said["dir"], said["place"], said["days"]) == (
        "id",
        "ltr",
        "bottom",
        182,
    )
    assert document("xx").json()["language"] == "en"
    assert said["versions"] == {"en": 1, "id": 1}
    assert document(key="nothing").status_code == 404
    page = officer.get(f"/console/privacy/banner/{site.pk}/").content.decode()
    assert f"/consent/banner.js&quot; data-key=&quot;{KEY}&quot; defer" in page
    listed = officer.get("/console/privacy/banner/").content.decode()
    assert "Shown" in listed and "measuring, personalisation" in listed


def test_its_words_are_versions_and_only_a_change_makes_one(officer, site):
    save(officer, site)
    save(officer, site, months=12)
    assert Wording.objects.count() == 2 and document().json()["days"] == 365
    save(officer, site, **{"en:title": "Cookies?"})
    said = document().json()
    assert (said["version"], said["versions"], said["texts"]["title"]) == (
        2, {"en": 2, "id": 1}, "Cookies?",
    )  # fmt: skip
    assert Wording.objects.get(pk=said["wording"]).texts["title"] == "Cookies?"


def test_what_it_does_not_ask_about_is_refused_by_nobody(officer, site):
    SignalMapping.objects.create(source=site, signal="category", name="C0004")
    save(officer, site)
    save(officer, site, purposes=["measuring"])
    rows = SignalMapping.objects.filter(source=site).order_by("name")
    assert list(rows.values_list("name", "purpose__slug")) == [
        ("C0004", None), ("measuring", "measuring")
    ]  # fmt: skip
    said = document().json()
    consent = {"categoryPreferences": {"measuring": True}, "wording": said["wording"]}
    Caller(KEY).batch({"type": "track", "event": "Consent Preference Updated",
                       "anonymousId": "d", "context": {"consent": consent}})  # fmt: skip
    work_off()
    entry = ConsentEntry.objects.get()
    assert (entry.purpose.slug, entry.status, entry.language) == ("measuring", "granted", "en")
    assert "May we use what you do here?" in entry.wording
    assert "Sharing" not in entry.wording


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"accent": "#dddddd"}, "accent"),
        ({"accent_dark": "#222222"}, "accent_dark"),
        ({"accent": "red"}, "accent"),
        ({"months": 14}, "months"),
        ({"months": 0}, "months"),
        ({"purposes": ["marketing"]}, "purposes"),
        ({"purposes": []}, "purposes"),
        ({"privacy_url": "javascript:alert(1)"}, "privacy_url"),
        ({"en:reject": ""}, "en:reject"),
        ({"id:measuring.title": " "}, "id:measuring.title"),
        ({"en:title": "x" * 81}, "en:title"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_saves_nothing(officer, site, changed, field):
    answer = save(officer, site, **changed)
    assert answer.status_code == 422
    assert list(answer.context_data["form"].errors) == [field]
    assert not Banner.objects.exists()


def test_the_text_on_a_button_is_the_one_that_is_read_better():
    assert contrast("#ffffff", "#000000") == 21
    assert (ink_on("#0f6a88"), ink_on("#ffd800")) == ("#ffffff", "#0e1213")
    for colour in ("#767676", "#888888", "#ff0000", "#0f6a88", "#55b5d2"):
        assert contrast(ink_on(colour), colour) >= 4


def test_the_preview_shows_what_is_typed_and_may_stand_in_our_frame(officer, site):
    typed = filled(site, accent="nonsense", **{"en:title": "</script><b>Ours</b>"})
    page = officer.post(f"/console/privacy/banner/{site.pk}/preview/", typed)
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    text = page.content.decode()
    shown = text.partition('type="application/json">')[2].partition("</script>")[0]
    said = json.loads(shown)
    assert (said["texts"]["title"], said["colours"]["light"]) == ("</script><b>Ours</b>", "#0f6a88")
    assert not Banner.objects.exists()


def test_who_may_not_edit_purposes_sees_the_list_alone(site):
    client = Client()
    client.force_login(make_user("marketer"))
    assert "site" in client.get("/console/privacy/banner/").content.decode()
    for end in ("", "preview/"):
        assert client.get(f"/console/privacy/banner/{site.pk}/{end}").status_code == 403
    make_source("server")
    assert client.get("/consent/banner.css")["Content-Type"].startswith("text/css")
    script = client.get("/consent/banner.js")
    again = client.get("/consent/banner.js", headers={"If-None-Match": script["ETag"]})
    assert (script.status_code, again.status_code) == (200, 304)
    assert client.post("/consent/banner.js").status_code == 405
