"""Trust before recency: a public key overwrites nothing of a known person."""

import pytest

from profiles.calls import limits
from profiles.ingest import processor
from profiles.models import DataWarning, Identifier, Profile, ProfileTrait
from profiles.selectors.traits import source_names, traits_of
from tests.profiles.ingest.conftest import work_off

pytestmark = pytest.mark.django_db
SOON, LATER = "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"


def identify(user="v", at=LATER, device=None, **traits):
    who = {"userId": user} if user else {}
    who |= {"anonymousId": device} if device else {}
    return {"type": "identify", "timestamp": at, "traits": traits, **who}


def person(value="v"):
    return Profile.objects.get(pk=Identifier.objects.get(value=value).profile_id)


@pytest.mark.parametrize("first", ["shop", "site"])
def test_what_a_browser_says_later_does_not_overwrite_what_the_shop_said(call, browser_call, first):
    def shop():
        call.batch(identify(at=SOON, plan="free", credit=0, city=None))

    def site():
        browser_call.batch(identify(plan="gold", credit=9000, city="Oslo", hat="red"))

    for say in (shop, site) if first == "shop" else (site, shop):
        say()
        work_off()
    assert person().traits == {"plan": "free", "credit": 0, "hat": "red"}
    told = {trait.name: trait for trait in traits_of(person(), source_names())}
    (lost,) = told["plan"].conflicts
    assert (lost.value, lost.source, lost.is_proven) == ("gold", "site", False)
    assert told["plan"].used.source == "shop"
    assert told["hat"].used.is_proven is False


def test_a_visitors_own_traits_work_and_fill_gaps_after_the_login(call, browser_call):
    browser_call.batch(identify(None, SOON, device="d", hat="red", plan="gold"))
    work_off()
    assert person("d").traits == {"hat": "red", "plan": "gold"}
    call.batch(identify(at=SOON, plan="free"))
    work_off()
    browser_call.batch(identify(device="d"))
    work_off()
    assert person("d") == person("v")
    assert person().traits == {"hat": "red", "plan": "free"}


def test_a_device_that_a_browser_planted_carries_no_word_of_the_shops(call, browser_call):
    call.batch(identify(at=SOON, plan="free"))
    browser_call.batch(identify(device="d"))
    work_off()
    call.batch(identify(None, device="d", plan="gold"))  # the shop speaks of a visitor
    work_off()
    assert person("d") == person("v")
    assert person().traits["plan"] == "free"


def test_a_flood_of_traits_leaves_room_for_the_shops(call, browser_call):
    number = limits.MAX_TRAITS[0]
    for start in range(0, 2 * number, 100):
        names = {f"junk{n}": "x" for n in range(start, start + 100)}
        browser_call.batch(identify(**names))
        work_off()
    browser_call.batch(identify(big=["x"] * (limits.MAX_TRAIT_BYTES // 3), **{"n" * 251: "x"}))
    browser_call.batch(*[identify(**{f"junk{n}": "y" * 8000}) for n in range(20)])
    work_off()
    assert len(person().traits) == number
    assert len(str(person().traits)) < 2 * limits.MAX_TRAITS_BYTES[0]
    call.batch(identify(plan="pro", name="Ada"))
    work_off()
    assert person().traits["plan"] == "pro"
    codes = {w.code: w.source.name for w in DataWarning.objects.all()}
    refused = ("trait_number", "trait_size", "trait_name", "trait_total")
    assert codes == dict.fromkeys(refused, "site")


def test_statements_that_take_away_what_nobody_has_do_not_pile_up(call, browser_call, monkeypatch):
    monkeypatch.setattr(limits, "MAX_TRAIT_ROWS", 100)
    call.batch(identify(at=SOON, plan="free"))
    for start in range(0, 300, 60):
        browser_call.batch(identify(**{f"junk{n}": None for n in range(start, start + 60)}))
        work_off()
    assert ProfileTrait.objects.count() <= 100
    assert person().traits == {"plan": "free"}
    assert not processor.work()
