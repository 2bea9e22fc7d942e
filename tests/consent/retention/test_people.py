"""Who was not seen for long is taken out by the declarations of an erasure; who was, stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.workspace.work.due import drain
from consent.ledger.recording import Statement, record_consents
from consent.models import (
    ConsentEntry,
    ErasedIdentifier,
    ErasureDuty,
    Purpose,
    RetainedTotal,
    RetentionRule,
    RetentionRun,
)
from consent.privacy.requests import open_request
from consent.retention import keeping, people, running
from profiles.ingest import inbox
from profiles.merging.merging import merge_people
from profiles.models import Event, Identifier, Profile, ProfileTrait, Source, TraitHistory
from tests.campaigns.builders import make_person
from tests.cast import make_event, make_identifier, make_source

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The process ends here."""


def old(name: str, *, days: int = 1200, **more) -> Profile:
    person = make_person(name, "", **more)
    if name != "eve":  # nobody has two
        make_identifier(person, "user_id", f"{name}-1")
    make_identifier(person, "anonymous_id", f"{name}-browser")
    make_event(person, "Order Completed", days_ago=days, value=10.0)
    then = timezone.now() - timedelta(days=days)
    Profile.objects.filter(pk=person.pk).update(first_seen=then, last_seen=then)
    return person


def switch_on(act: str = "delete") -> None:
    made = keeping.make({"data_class": "profile", "act": act, "keep_n": 3, "keep_unit": "year"})
    keeping.count(made)
    keeping.switch_on(made)


def test_who_was_not_seen_goes_with_everything_and_an_import_brings_nobody_back(monkeypatch):
    monkeypatch.setattr(people, "GROUP", 2)
    gone = [old(name) for name in ("ada", "ben", "cleo", "dan")]
    husk = old("eve")
    merge_people(survivor_id=gone[0].pk, absorbed_id=husk.pk, rule="manual", evidence={})
    Profile.objects.filter(pk=gone[0].pk).update(last_seen=timezone.now() - timedelta(days=1199))
    young, asked, restricted, spoke = (old(n) for n in ("fay", "gus", "hal", "ivy"))
    Profile.objects.filter(pk=young.pk).update(last_seen=timezone.now())
    open_request(type_="access", references=["user_id:gus-1"], regulation="gdpr")
    Profile.objects.filter(pk=restricted.pk).update(state="restricted")
    purpose = Purpose.objects.get(slug="marketing").pk
    record_consents([Statement(spoke.pk, purpose, "email", "granted", "consent", actor="person")])
    entry = Statement(gone[0].pk, purpose, "email", "withdrawn", "consent", actor="person",
                      at=timezone.now() - timedelta(days=1300))  # fmt: skip
    record_consents([entry])
    switch_on("anonymise")
    real, killed = running.next_portion, []

    def kill_sometimes(run):
        portion = real(run)
        if len(killed) < 10:
            killed.append(portion)
            raise Killed
        return portion

    monkeypatch.setattr(running, "next_portion", kill_sometimes)
    for _ in range(80):
        try:
            while running.carry_out_retention():
                pass
            break
        except Killed:
            continue
    assert len(killed) == 10  # noqa: PLR2004
    run = RetentionRun.objects.get()
    assert (run.state, run.result["people"], run.place) == ("done", 4, {})
    numbers = [person.pk for person in [*gone, husk]]
    assert set(Profile.objects.filter(pk__in=numbers).values_list("state", flat=True)) == {"erased"}
    for model in (Event, Identifier, ProfileTrait, TraitHistory):
        assert not model.objects.filter(profile_id__in=numbers).exists(), model
    assert not Profile.objects.filter(pk__in=numbers).exclude(traits={}).exists()
    stay = [young, asked, restricted, spoke]
    assert not Profile.objects.filter(pk__in=[p.pk for p in stay], state="erased").exists()
    assert Event.objects.count() == len(stay)
    assert (
        not ConsentEntry.objects.filter(profile_id__in=numbers).exclude(contact_point="").exists()
    )
    assert {row.kind for row in ErasedIdentifier.objects.all()} == {"email", "user_id"}
    totals = {(row.data_class, row.name): row.n for row in RetainedTotal.objects.all()}
    assert totals == {("profile", ""): 4, ("event", "Order Completed"): 5}
    source = make_source("CRM", Source.Kind.WAREHOUSE)
    inbox.accept(source, [{"type": "identify", "userId": "ada-1", "messageId": "m1",
                           "traits": {"email": "ada@example.com"}}])  # fmt: skip
    drain()
    assert not Identifier.objects.filter(value__in=["ada-1", "ada@example.com"]).exists()


def test_the_dry_run_says_how_many_people_and_that_is_how_many_go():
    for name in ("ada", "ben"):
        old(name)
    old("cleo", days=900)
    made = keeping.make({"data_class": "profile", "act": "delete", "keep_n": 3,
                         "keep_unit": "year"})  # fmt: skip
    assert keeping.count(made).rows == 2  # noqa: PLR2004
    keeping.switch_on(made)
    while running.carry_out_retention():
        pass
    assert RetentionRun.objects.get().result["people"] == 2  # noqa: PLR2004
    assert Profile.objects.filter(state="erased").count() == 2  # noqa: PLR2004


def test_what_a_law_asks_for_stays_until_its_time_is_over():
    old("ada", days=1200)
    duty = ErasureDuty.objects.create(
        data_class="orders", ground="tax", because="AO 147", months=120
    )
    by_name = keeping.make({"data_class": "event", "act": "delete", "keep_n": 2,
                            "keep_unit": "year"})  # fmt: skip
    assert keeping.count(by_name).rows == 0
    keeping.switch_on(by_name)
    switch_on()
    while running.carry_out_retention():
        pass
    assert Profile.objects.get().state == "erased"
    [order] = Event.objects.all()
    assert order.name == "Order Completed"
    duty.delete()
    RetentionRun.objects.all().delete()
    RetentionRule.objects.filter(data_class="profile").update(next_run_at=timezone.now())
    while running.carry_out_retention():
        pass
    assert not Event.objects.exists()
