"""An erasure and what goes out: nothing more, and what went out names nobody."""

import pytest

from campaigns.models import Message
from config.workspace.work.due import drain
from consent.privacy import due, requests
from tests.campaigns.builders import launched, make_person, make_segment, say

pytestmark = pytest.mark.django_db


def asked_for(person):
    request = requests.open_request(
        type_="erasure", references=[f"email:{person.display_name.lower()}@example.com"]
    )
    return requests.settle(request)


def test_what_waits_is_not_sent_and_what_is_being_handed_over_is_waited_for():
    ada, ben, cleo = (make_person(name) for name in ("ada", "ben", "cleo"))
    for person in (ada, ben, cleo):
        say(person, act="form")
    launched(make_segment(ada, ben, cleo))
    Message.objects.filter(profile=ada).update(state="handing_over")
    first, second = asked_for(ada), asked_for(ben)
    due.carry_out_due(seconds=60)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("in_progress", "completed")
    mail = Message.objects.get(profile=ben)
    assert (mail.state, mail.reason, mail.address, mail.data) == ("excluded", "frozen", "", {})
    word = "550 <ada@example.com> unknown"
    Message.objects.filter(profile=ada).update(state="bounced", reason=word, data={"word": word})
    drain()
    first.refresh_from_db()
    assert (first.status, first.result["searched"]["found"]) == ("completed", [])
    mail = Message.objects.get(profile=ada)
    assert (mail.state, mail.reason, mail.data) == ("bounced", "", {})
    assert Message.objects.get(profile=cleo).address == "cleo@example.com"
