"""Every class counts what it takes, takes what it counted, and leaves what is newer."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from campaigns.models import Message
from consent.archives import files
from consent.archives.releasing import state_of
from consent.models import PersonArchive, PrivacyRequest, RetentionRun
from consent.privacy.due import carry_out_due
from consent.privacy.requests import cancel, open_request, settle
from consent.retention import keeping, running
from consent.retention.classes import CLASSES
from profiles.models import Rejection, TraitHistory
from tests.campaigns.builders import make_person
from tests.cast import ago, make_rejection, make_source

pytestmark = pytest.mark.django_db


def switched_on(data_class: str, **values):
    values = {"act": CLASSES.get(data_class).acts[0], "keep_n": 60, "keep_unit": "day"} | values
    made = keeping.make({"data_class": data_class, **values})
    found = keeping.count(made)
    keeping.switch_on(made)
    return made, found


def carry_out() -> RetentionRun:
    while running.carry_out_retention():
        pass
    return RetentionRun.objects.first()


def test_every_class_says_how_much_there_is_counts_and_takes_of_an_empty_installation():
    for name, kind in CLASSES:
        assert kind.extent().rows >= 0
        n = max(kind.least_days, 1)
        _made, found = switched_on(name, keep_n=n)
        assert (found.rows, str(kind.label) != "") == (0, True), name
    carry_out()
    runs = RetentionRun.objects.all()
    assert {run.data_class for run in runs} == set(CLASSES.names())
    assert {run.state for run in runs} == {"done"}


def test_a_copy_that_was_made_for_somebody_goes_as_a_file_and_stays_as_a_fact():
    requests = []
    for name in ("ada", "ben", "cleo"):
        make_person(name)
        reference = f"email:{name}@example.com"
        asked = open_request(type_="access", references=[reference], regulation="other")
        requests.append(settle(asked))
    while carry_out_due():
        pass
    assert all(files.path_of(one).exists() for one in requests)
    PersonArchive.objects.exclude(request=requests[0]).update(made_at=ago(61))
    open_request(type_="rectification", references=["email:cleo@example.com"], regulation="gdpr")
    _made, found = switched_on("archive")
    assert (found.rows, found.people) == (1, 1), "cleo has asked for something: theirs stays"
    run = carry_out()
    assert run.result["rows"] == {"person_archive": 1}
    assert [files.path_of(one).exists() for one in requests] == [True, False, True]
    assert state_of(PersonArchive.objects.get(request=requests[1])) == "gone"
    assert CLASSES.get("archive").extent().rows == 2  # noqa: PLR2004


def test_old_refusals_and_former_values_go_and_of_somebody_who_asks_they_stay(monkeypatch):
    monkeypatch.setattr("consent.retention.tables.ROWS", 2)
    ada, ben = make_person("ada", ""), make_person("ben", "")
    for number in range(5):
        make_rejection(received_at=ago(61 + number))
        for person in (ada, ben):
            TraitHistory.objects.create(
                profile_id=person.pk, name="plan", source_id=make_source().pk, identifier_id=1,
                value="x", set_at=ago(90), replaced_at=ago(70 + number),
            )  # fmt: skip
    young = make_rejection(received_at=ago(59))
    open_request(type_="rectification", references=["email:ben@example.com"], regulation="gdpr")
    made, found = switched_on("rejection")
    assert found.rows == 5  # noqa: PLR2004
    made, found = switched_on("trait_history")
    assert (found.rows, found.people) == (5, 1)
    call_command("privacy", "run")
    assert list(Rejection.objects.all()) == [young]
    assert {row.profile_id for row in TraitHistory.objects.all()} == {ben.pk}
    run = RetentionRun.objects.get(data_class="trait_history")
    assert run.result["rows"] == {"trait_history": 5}
    keeping.switch_off(made)
    assert not running.begin_due()


def test_messages_keep_what_proves_them_and_answered_requests_go_but_for_what_still_holds():
    ada = make_person("ada", "")
    fields = {
        "profile": ada, "is_marketing": False, "purpose_id": 1, "channel": "email",
        "due_at": timezone.now(), "expires_at": timezone.now(), "address": "ada@example.com",
        "data": {"name": "Ada"},
    }  # fmt: skip
    sent = Message.objects.create(state="sent", queued_at=ago(100), **fields)
    waiting = Message.objects.create(state="queued", queued_at=ago(100), **fields)
    young = Message.objects.create(state="sent", queued_at=ago(10), **fields)
    switched_on("message")
    assert carry_out().result["rows"] == {"message": 1}
    sent.refresh_from_db()
    assert (sent.address, sent.data, sent.state) == ("", {}, "sent")
    for row in (waiting, young):
        row.refresh_from_db()
        assert row.address == "ada@example.com"
    for kind in ("access", "restriction"):
        row = open_request(type_=kind, references=["email:ada@example.com"], regulation="gdpr")
        if kind == "access":
            cancel(row, because="asked twice")
    PrivacyRequest.objects.filter(type="restriction").update(status="completed")
    PrivacyRequest.objects.update(completed_at=timezone.now() - timedelta(days=800))
    switched_on("privacy_request", keep_n=2, keep_unit="year")
    carry_out()
    assert [row.type for row in PrivacyRequest.objects.all()] == ["restriction"]


def test_one_rule_that_fails_holds_up_no_other_and_says_so(monkeypatch):
    make_rejection(received_at=ago(70))
    switched_on("job")
    switched_on("rejection")
    kind = CLASSES.get("job")

    def choke(terms, place):
        raise ValueError("bad")

    monkeypatch.setitem(
        CLASSES._entries, "job", (65, type(kind)(**vars(kind) | {"portion": choke}))
    )
    assert running.carry_out_retention() == 2  # noqa: PLR2004
    assert not Rejection.objects.exists()
    failed = RetentionRun.objects.get(data_class="job")
    assert (failed.state, failed.error) == ("running", "ValueError")
    with pytest.raises(ValueError, match="bad"):
        running.carry_out_retention()
