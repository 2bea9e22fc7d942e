"""What a stranger with a key may leave behind: counted to the last, kept in bounds, pruned."""

from datetime import timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone

from config.home.needs import _refused
from config.workspace.models import Role
from profiles.calls.limits import MAX_BATCH_ITEMS
from profiles.ingest import pruning, refusals
from profiles.models import DataWarning, Event, Inbox, MessageClaim, RefusalCount, Rejection
from profiles.selectors.live import last_minute
from profiles.traits.definitions import MOST_WARNINGS
from tests.cast import make_user

from .conftest import Caller, work_off

pytestmark = pytest.mark.django_db
GOOD = {"type": "track", "event": "Seen", "userId": "u1", "messageId": "good"}


@pytest.fixture(autouse=True)
def _forget_full():
    refusals._full.clear()


def total(**of):
    return RefusalCount.objects.filter(**of).aggregate(n=Sum("n"))["n"] or 0


def test_a_batch_of_too_many_is_refused_as_a_whole_by_one_row(call):
    body = b'{"batch":[' + b",".join([b"1"] * 200_001) + b"]}"
    for sent in (body, body.replace(b"[1,", b"[NaN,")):  # and by the lenient reader
        answer = call.post("/v1/batch", sent)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_many_messages")
        assert "at most 5000 messages, this one 200001" in answer.json()["message"]
    assert Rejection.objects.count() == total(code="too_many_messages") == 2
    assert not Inbox.objects.exists()


def test_of_many_alike_the_first_are_kept_and_the_sum_stays_true(call):
    odd = [{"type": "track", "userId": "u", "messageId": f"m{n}"} for n in range(150)]
    answer = call.batch(*[1] * (MAX_BATCH_ITEMS - 151), *odd, GOOD)
    assert answer.status_code == 200
    assert len(answer.json()["rejected"]) == MAX_BATCH_ITEMS - 1
    assert total() == MAX_BATCH_ITEMS - 1
    assert Rejection.objects.filter(code="required").count() == refusals.MOST_OF_CALL
    assert Rejection.objects.count() == 2 * refusals.MOST_OF_CALL
    assert Rejection.objects.order_by("id").filter(code="required").first().message_id == "m0"
    for _ in range(4):
        call.batch(*odd)
    assert Rejection.objects.filter(code="required").count() == refusals.MOST_OF_REASON
    minute = last_minute()
    assert minute.refused_total == minute.refused_hour == total() == MAX_BATCH_ITEMS + 599
    assert minute.refused_unkept == total() - Rejection.objects.count()
    assert "5,599" in str(_refused()[0].title)
    work_off()
    assert Event.objects.count() == 1  # nothing that was accepted beside it is lost


def test_live_and_the_sources_page_say_how_many_there_are(call, source, client):
    client.force_login(make_user(Role.ADMIN))
    call.batch(*[1] * 1150)
    live = client.get("/console/live/?status=refused").content.decode()
    assert "1,050 refused calls of the last hour are counted only" in live
    assert "1,150 calls of shop were refused for this reason" in live
    page = client.get(f"/console/profiles/source/{source.pk}/change/").content.decode()
    assert "1,150 not an object (100 of them can be read)" in page
    Rejection.objects.all().delete()
    page = client.get(f"/console/profiles/source/{source.pk}/change/").content.decode()
    assert "1,150 not an object (0 of them can be read)" in page


def test_a_flood_is_counted_without_asking_what_is_kept(call, django_assert_num_queries):
    for _ in range(4):
        call.batch(*[1] * 100)
    with django_assert_num_queries(4):  # begin, the inbox has none, the count, commit
        call.batch(*[1] * 100)
    assert (total(), Rejection.objects.count()) == (500, refusals.MOST_OF_REASON)


def test_after_the_first_fifty_only_the_beginning_of_a_body_is_kept(call):
    long = {"type": "track", "userId": "u", "properties": {"x": "y" * 4000}}
    for _ in range(2):
        call.batch(*[long] * 60)
    sizes = list(Rejection.objects.order_by("id").values_list("body", flat=True))
    assert min(map(len, sizes[: refusals.FULL_BODIES])) > 4000
    assert {len(body) for body in sizes[refusals.FULL_BODIES :]} == {refusals.SHORT_BODY}


def test_an_unknown_key_leaves_nothing_behind(call):
    for body in (b"{", b'{"batch":[' + b"1," * 9000 + b"1]}", b'{"batch": [1, 2]}'):
        for path in ("batch", "track", "import"):
            assert Caller("nobody's").post(f"/v1/{path}", body).status_code == 401
    assert not (Rejection.objects.exists() or RefusalCount.objects.exists())


def test_counts_are_folded_and_stay_exact(source):
    now = timezone.now().replace(minute=30, second=30, microsecond=5)
    for ago in [*range(0, 300, 7), *range(10_000, 20_000, 400)]:
        at = now - timedelta(seconds=ago)
        RefusalCount.objects.create(source=source, code="required", at=at, n=3, kept=1)
    before = total()
    while refusals.fold(now):
        pass
    assert total() == before
    assert RefusalCount.objects.filter(at__lt=now - timedelta(hours=2)).count() <= 4
    hour = RefusalCount.objects.filter(at__lt=now - timedelta(minutes=3)).values_list("at")
    assert len(set(hour)) == len(hour)
    late = now - timedelta(seconds=10_001)  # comes in after its hour was summed up
    RefusalCount.objects.create(source=source, code="required", at=late, n=3, kept=1)
    while refusals.fold(now):
        pass
    assert total() == before + 3


def test_refused_calls_go_when_they_are_old_or_too_many(source, settings, monkeypatch):
    now = timezone.now()
    for days in (200, 100, 50, 1, 1, 1):
        at = now - timedelta(days=days)
        Rejection.objects.create(source=source, received_at=at, code="required")
        RefusalCount.objects.create(source=source, at=at, code="required", n=1, kept=1)
    monkeypatch.setattr(pruning, "MOST_REJECTIONS", 2)
    while pruning.prune_refusals(now):
        pass
    assert Rejection.objects.count() == 2
    assert total() == 4  # of 90 days


def test_claims_of_message_ids_go_after_their_time(settings):
    now = timezone.now()
    for n, days in enumerate((500, 440, 430, 10)):
        day = (now - timedelta(days=days)).date()
        MessageClaim.objects.create(digest=bytes([n]) * 16, received_on=day)
    settings.MESSAGE_ID_MONTHS = 0
    assert pruning.prune_claims(now) == 0
    settings.MESSAGE_ID_MONTHS = 13
    assert pruning.prune_claims(now) == 2
    assert pruning.prune_claims(now) == 0


def test_warnings_about_names_from_outside_are_bounded_and_all_counted(call):
    most = MOST_WARNINGS
    for start in (0, most - 5, 2 * most):
        for n in range(start, start + most):
            call.batch({**GOOD, "messageId": f"m{n}", "event": f"E{n}", "userId": "u",
                        "context": {"traits": {"email": "no address"}}})  # fmt: skip
        work_off()
    warnings = DataWarning.objects.filter(code="unusable_identifier")
    assert warnings.count() == most + 1
    assert warnings.aggregate(n=Sum("count"))["n"] == Event.objects.count() == 3 * most - 5
