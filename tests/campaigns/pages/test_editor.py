"""The editor: what is typed is kept, what is wrong stands beside its field, and who may."""

import pytest
from django.urls import reverse

from campaigns.content.sandbox import calls
from campaigns.models import Campaign, Sender
from campaigns.pages.editor.preview_people import cast_of
from campaigns.services.checks import NotReady
from campaigns.services.drafts import update_campaign
from campaigns.services.launching import launch
from config.workspace.audit import acting, actor_of_user
from config.workspace.models import AuditEntry, Role, Workspace
from config.workspace.sandbox.children import Limits
from config.workspace.selectors import forget_workspace
from consent.models import Purpose, Topic
from tests.campaigns.builders import make_campaign, make_person, make_segment, make_sender, say
from tests.campaigns.pages.conftest import people_of
from tests.cast import make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
HOSTILE = '<script>alert(1)</script>"' + "ل" * 270


def url(name: str, campaign: Campaign, *more: str) -> str:
    return reverse(f"campaigns:{name}", args=[campaign.slug, *more])


@pytest.fixture
def campaign():
    return make_campaign(make_segment(*people_of(3)))


WHO = {"name": "Spring", "segment": "everyone", "purpose": "marketing", "topic": "", "holdout": "5"}
WHAT = {"subject": "Hi", "preheader": "", "kind": "html", "source": "<p>x</p>", "text": ""}
WHEN = {"mode": "now", "at": "", "goal_event": "", "goal_days": "", "cap_count": "", "cap_days": ""}


def test_an_empty_list_teaches_and_has_one_button(marketer):
    page = marketer.get(reverse("campaigns:list")).content.decode()
    assert "Write to people who want to hear from you" in page
    assert page.count("r-btn-1") == 1


def test_a_new_campaign_begins_with_a_mail_that_can_be_made(marketer):
    make_sender()
    answer = marketer.post(reverse("campaigns:new"), {"name": "Boots!", "starter": "offer"})
    campaign = Campaign.objects.get()
    assert answer["Location"] == url("step", campaign, "who")
    assert (campaign.slug, campaign.created_by.role) == ("boots", Role.MARKETER)
    panel = marketer.get(url("preview", campaign)).content.decode()
    assert "Cannot be made" not in panel


@pytest.mark.parametrize("name", ["new", "sender", "Boots", "بخ", HOSTILE[:300]])
def test_every_name_gets_a_slug_of_its_own(marketer, campaign, name):
    Campaign.objects.filter(pk=campaign.pk).update(slug="boots")
    marketer.post(reverse("campaigns:new"), {"name": name, "starter": "letter"})
    made = Campaign.objects.exclude(pk=campaign.pk).get()
    assert made.slug not in {"new", "sender", "boots"}
    assert made.name == name
    assert marketer.get(url("step", made, "who")).status_code == 200


def test_the_admin_of_senders_is_not_taken_for_a_campaign(log_in):
    client = log_in(Role.ADMIN)
    assert client.get("/console/campaigns/sender/").status_code == 200
    assert client.get("/console/campaigns/sender/add/").status_code == 200


def test_the_steps_open_where_one_goes_on(marketer, campaign):
    assert marketer.get(url("detail", campaign))["Location"] == url("step", campaign, "checks")
    Campaign.objects.filter(pk=campaign.pk).update(entry={})
    assert marketer.get(url("detail", campaign))["Location"] == url("step", campaign, "who")


@pytest.mark.parametrize("here", ["who", "what", "when", "checks", "launch"])
def test_every_step_shows_a_hostile_name_as_text(marketer, campaign, here):
    Campaign.objects.filter(pk=campaign.pk).update(name=HOSTILE)
    page = marketer.get(url("step", campaign, here))
    assert page.status_code == 200
    assert b"<script>alert" not in page.content


def test_who_is_saved_with_its_purpose_topic_and_control_group(marketer, campaign):
    marketing = Purpose.objects.get(slug="marketing")
    Topic.objects.create(purpose=marketing, slug="arrivals", name="New arrivals")
    answer = marketer.post(url("step", campaign, "who"), {**WHO, "topic": "arrivals", "go": "what"})
    assert answer["Location"] == url("step", campaign, "what")
    campaign.refresh_from_db()
    assert (campaign.name, campaign.holdout) == ("Spring", 0.05)
    assert campaign.steps[0]["topic"] == "arrivals"
    assert campaign.steps[0]["content"]["subject"] == "Tents, {{ first_name }}"


def test_a_save_in_the_background_says_so_and_wakes_the_preview(marketer, campaign):
    answer = marketer.post(url("step", campaign, "what"), WHAT, headers=HTMX)
    assert b"Saved" in answer.content
    assert answer["HX-Trigger-After-Settle"] == "saved"
    campaign.refresh_from_db()
    assert campaign.steps[0]["content"]["html"] == "<p>x</p>"


def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(marketer, campaign):
    typed = {**WHO, "name": "Kept <b>", "holdout": "120"}
    answer = marketer.post(url("step", campaign, "who"), typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="Kept &lt;b&gt;"' in page
    assert "less than or equal to 90" in page.split('id="err-holdout"')[1][:300]
    part = marketer.post(url("step", campaign, "who"), typed, headers=HTMX).content.decode()
    assert "Not saved yet" in part
    assert "less than or equal to 90" in part.split('id="err-holdout"')[1][:300]
    campaign.refresh_from_db()
    assert campaign.name == "spring"


def save(client, campaign, revision, here="who", **typed):
    fields = {"who": WHO, "what": WHAT, "when": WHEN}[here]
    posted = {**fields, **typed, "revision": revision}
    return client.post(url("step", campaign, here), posted, headers=HTMX)


def test_each_save_builds_on_the_one_before_and_an_older_one_is_refused(marketer, campaign):
    page = marketer.get(url("step", campaign, "who")).content.decode()
    assert '<input type="hidden" name="revision" value="1">' in page
    newer = save(marketer, campaign, 1, name="Newer")
    assert 'data-revision="2"' in newer.content.decode()
    older = save(marketer, campaign, 1, name="Older", segment="")
    assert older.status_code == 409
    campaign.refresh_from_db()
    assert (campaign.name, campaign.entry["segment"], campaign.revision) == ("Newer", "everyone", 2)
    again = save(marketer, campaign, 1, name="Newer")
    assert 'data-revision="2"' in again.content.decode(), "what is saved already is no conflict"
    campaign.refresh_from_db()
    assert campaign.revision == 2


def test_a_stale_page_says_what_was_changed_by_whom_and_loses_nothing_typed(marketer, campaign):
    make_segment(slug="other")
    other = make_user(Role.MARKETER, name="ines")
    with acting(actor_of_user(other)):
        update_campaign(campaign, {"name": "Theirs", "entry": {}, "goal": {"event": "Bought"}})
    typed = {**WHO, "name": "Mine <b>", "segment": "other", "revision": "1"}
    for headers in (HTMX, {}):
        answer = marketer.post(url("step", campaign, "who"), typed, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "ines changed it" in page
        assert "the name, the audience or the start, the goal" in page
        differences = page.split('class="r-cmp-diff"')[1].split("</dl>")[0]
        assert "Theirs" in differences
        assert "Mine &lt;b&gt;" in differences
        assert "Purpose" not in differences, "what is the same is not told"
        assert 'name="revision" value="2"' in page, "the button that saves it all the same"
    assert 'value="Mine &lt;b&gt;"' in page, "the whole page keeps what was typed"
    assert save(marketer, campaign, 2, name="Mine <b>", segment="other").status_code == 200
    campaign.refresh_from_db()
    assert (campaign.name, campaign.entry["segment"]) == ("Mine <b>", "other")
    assert campaign.goal == {"event": "Bought"}, "of the other steps nothing is written over"


def test_an_old_page_throws_no_newer_draft_away(marketer, campaign):
    update_campaign(campaign, {"name": "Newer"})
    answer = marketer.post(url("delete", campaign), {"revision": "1"}, follow=True)
    assert "changed meanwhile" in answer.content.decode()
    marketer.post(url("delete", campaign), {"revision": "2"})
    assert not Campaign.objects.exists()


def test_a_broken_template_is_kept_and_named_in_the_preview(marketer, campaign):
    marketer.post(url("step", campaign, "what"), {**WHAT, "source": "<p>{% if %}</p>"})
    campaign.refresh_from_db()
    assert campaign.steps[0]["content"]["html"] == "<p>{% if %}</p>"
    panel = marketer.get(url("preview", campaign)).content.decode()
    assert "Cannot be made" in panel


def test_line_ends_of_a_browser_do_not_reach_the_compiler(marketer, campaign):
    mjml = "<mjml>\n<mj-head>\n<mj-title>x</mj-title>\n</mj-head>\n<mj-body></mj-body>\n</mjml>"
    typed = {**WHAT, "kind": "mjml", "source": mjml.replace("\n", "\r\n"), "preheader": "Hello"}
    marketer.post(url("step", campaign, "what"), typed)
    campaign.refresh_from_db()
    content = campaign.steps[0]["content"]
    assert "\r" not in content["mjml"]
    assert "<mj-preview>Hello</mj-preview>" in content["mjml"]
    page = marketer.get(url("step", campaign, "what")).content.decode()
    assert 'value="Hello"' in page
    source = page.split('id="id_source"')[1].split("</textarea>")[0]
    assert "mj-title" in source
    assert "mj-preview" not in source


def test_a_time_is_read_by_the_workspaces_clock(marketer, campaign):
    Workspace.objects.update(time_zone="Asia/Jakarta")
    forget_workspace()
    typed = {**WHEN, "mode": "at", "at": "2099-01-05T09:00", "goal_event": "Order Completed"}
    marketer.post(url("step", campaign, "when"), typed)
    campaign.refresh_from_db()
    assert campaign.entry["at"] == "2099-01-05T09:00:00+07:00"
    assert campaign.goal == {"event": "Order Completed", "window": {"days": 5}}
    page = marketer.get(url("step", campaign, "when")).content.decode()
    assert "2099-01-05T09:00" in page
    assert "Asia/Jakarta" in page


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"mode": "at", "at": "2001-01-01T09:00"}, "at", "has passed"),
        ({"mode": "at", "at": "soon"}, "at", "Choose a day"),
        ({"cap_count": "2"}, "cap_days", "how many days"),
    ],
)
def test_when_says_what_is_wrong(marketer, campaign, typed, field, words):
    page = marketer.post(url("step", campaign, "when"), {**WHEN, **typed}).content.decode()
    assert words in page.split(f'id="err-{field}"')[1][:400]


def test_variants_made_by_the_api_survive_the_editor(marketer, campaign):
    step = campaign.steps[0]
    step["variants"] = [{"name": "a", "content": {"subject": "A", "html": "<p>a</p>"}}]
    Campaign.objects.filter(pk=campaign.pk).update(steps=[step])
    marketer.post(url("step", campaign, "what"), WHAT)
    marketer.post(url("step", campaign, "when"), WHEN)
    campaign.refresh_from_db()
    assert campaign.steps[0]["variants"][0]["content"]["subject"] == "A"


def test_the_mail_is_framed_alone_without_script(marketer, campaign):
    answer = marketer.get(url("frame", campaign))
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "script-src" not in answer["Content-Security-Policy"]
    assert b"Hello Maya" in answer.content


def test_a_preview_as_a_real_person_is_in_the_trail(marketer):
    person = make_person("ada", traits={"first_name": "Ada <i>"})
    say(person)
    campaign = make_campaign(make_segment(person))
    panel = marketer.get(f"{url('preview', campaign)}?as={person.public_id}").content.decode()
    assert "Tents, Ada &lt;i&gt;" in panel
    assert AuditEntry.objects.filter(action="campaign.previewed", profile_id=person.pk).exists()


def test_without_the_right_previews_are_of_made_up_people(log_in):
    person = make_person("ada", traits={"first_name": "Zebulon"})
    say(person)
    campaign = make_campaign(make_segment(person))
    client = log_in(Role.ANALYST)
    for address in (
        f"{url('preview', campaign)}?as={person.public_id}",
        f"{url('frame', campaign)}?as={person.public_id}",
        f"{url('count', campaign)}",
    ):
        assert "Zebulon" not in client.get(address).content.decode()
    assert client.get(url("people", campaign)).status_code == 403


def test_missing_values_are_counted_of_those_who_get_the_mail_on_every_screen(marketer):
    """The chips of the step What, the preview beside it and the checks: one base, one count."""
    people = [make_person("a"), make_person("b", traits={"city": "Delft"}), make_person("c")]
    for person in people:
        say(person)
    nobody = [make_person(f"n{number}", traits={"city": "Gouda"}) for number in range(5)]
    campaign = make_campaign(make_segment(*people, *nobody))
    panel = marketer.get(url("preview", campaign)).content.decode()
    assert "first_name is missing for 1 of 3 who get this" in panel
    assert "33 % read nothing there." in panel
    checks = marketer.get(url("count", campaign)).content.decode()
    assert "first_name is missing for 1 of 3 who get this" in checks
    what = marketer.get(url("step", campaign, "what")).content.decode()
    assert "67 % of the 3 who get this have it" in what
    assert "33 % of the 3 who get this have it" in what, "city, of one of them"


def test_a_misspelt_name_is_named_where_it_is_written_and_at_the_launch(marketer):
    ada = make_person("ada", traits={"first_name": "Ada"})
    say(ada)
    campaign = make_campaign(make_segment(ada))
    content = {"subject": "Hi {{ frist_name }}", "html": "<p>{{ unsubscribe_url }}</p>"}
    update_campaign(campaign, {"steps": [campaign.steps[0] | {"content": content}]})
    preview = marketer.get(url("preview", campaign)).content.decode()
    assert "Nobody has a value called “frist_name”. Did you mean “first_name”?" in preview
    assert "frist_name is missing" not in preview
    launch = marketer.get(url("count", campaign) + "?on=launch").content.decode()
    assert "This cannot go out yet" in launch
    assert "as soon as you say so" not in launch


def test_whom_a_mail_is_shown_as_is_rightly_called_right_to_left():
    names = ["敏 李", "김민준", "Wietse the Longest of All", "مريم حداد"]
    people = [make_person(name, f"p{n}@example.com") for n, name in enumerate(names)]
    cast = {str(one.label): one.name for one in cast_of(make_segment(*people), personal=True)}
    assert cast["right to left"] == names[-1]


def test_whoever_may_only_look_gets_no_button_and_no_way_round(log_in, campaign):
    client = log_in(Role.ANALYST)
    for here in ("who", "what", "when", "checks", "launch"):
        page = client.get(url("step", campaign, here)).content.decode()
        assert "r-btn-1" not in page, here
    assert client.post(url("step", campaign, "who"), WHO).status_code == 403
    for name in ("launch", "undo", "pause", "resume", "cancel", "copy", "delete", "test"):
        assert client.post(url(name, campaign)).status_code == 403, name
    assert client.get(reverse("campaigns:new")).status_code == 403


def test_who_may_not_even_look_is_told_so(log_in, campaign):
    client = log_in(Role.INTEGRATOR)
    for name in ("list", "messages"):
        assert client.get(reverse(f"campaigns:{name}")).status_code == 403
    for name in ("detail", "preview", "frame", "count", "report", "progress", "reach"):
        assert client.get(url(name, campaign)).status_code == 403


def test_a_draft_can_be_copied_and_thrown_away(marketer, campaign):
    answer = marketer.post(url("copy", campaign))
    copy = Campaign.objects.exclude(pk=campaign.pk).get()
    assert answer["Location"] == url("step", copy, "who")
    marketer.post(url("delete", copy))
    assert not Campaign.objects.filter(pk=copy.pk).exists()


def test_the_rail_counts_who_may_get_it(marketer, campaign):
    part = marketer.get(f"{url('reach', campaign)}?segment=everyone&holdout=50").content.decode()
    assert "of 3" in part
    assert marketer.get(f"{url('reach', campaign)}?segment=nope&holdout=x").status_code == 200


def test_senders_have_one_default(log_in):
    first = make_sender()
    client = log_in(Role.ADMIN)
    typed = {"name": "B", "address": "b@shop.example", "postal_address": "", "is_default": "on"}
    answer = client.post("/console/campaigns/sender/add/", typed)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    first.refresh_from_db()
    assert not first.is_default
    assert Sender.objects.get(is_default=True).name == "B"


DEEP = "<mj-section>" * 3000 + "</mj-section>" * 3000
TOO_MUCH = {
    "deep": {"mjml": f"<mjml><mj-body>{DEEP}</mj-body></mjml>"},
    "deep HTML": {"html": "<div>" * 3000 + "</div>" * 3000},
    "range": {"html": '{% if (1..99999999999) contains "x" %}{% endif %}<p>x</p>'},
    "slow": {"html": "{% for i in (1..19000) %}" + "{% if a %}{% endif %}" * 3000 + "{% endfor %}"},
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_a_saved_draft_that_is_too_much_opens_and_says_so(marketer, campaign, monkeypatch, case):
    limits = Limits(cpu_seconds=1, wall_seconds=300.0, most_deaths=1)
    monkeypatch.setattr(calls, "SCREEN", limits)
    step = campaign.steps[0] | {"content": {"subject": "Hi", **TOO_MUCH[case]}}
    Campaign.objects.filter(pk=campaign.pk).update(steps=[step])
    assert marketer.get(url("step", campaign, "what")).status_code == 200
    panel = marketer.get(url("preview", campaign))
    assert panel.status_code == 200
    assert "Cannot be made" in panel.content.decode()
    campaign.refresh_from_db()
    with pytest.raises(NotReady) as refused:
        launch(campaign)
    assert {check.code for check in refused.value.checks} & {"content", "render"}
    if case != "slow":  # each page takes its seconds
        assert marketer.get(url("frame", campaign)).content == b""
        assert marketer.get(url("step", campaign, "checks")).status_code == 200
